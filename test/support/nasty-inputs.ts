import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Text = string | { readonly repeat: string; readonly times: number; readonly then?: Text }

interface NastyInputs {
  readonly keys: readonly { readonly key: Text; readonly expect: 'store' | 'reject' }[]
  readonly eventJson: readonly Text[]
}

const corpus = JSON.parse(
  readFileSync(join(import.meta.dirname, '../data/nasty-inputs.json'), 'utf8'),
) as NastyInputs

/** Keys of actors, and whether they are one. */
export const nastyKeys: readonly { readonly key: string; readonly isKey: boolean }[] =
  corpus.keys.map(({ key, expect }) => ({ key: textOf(key), isKey: expect === 'store' }))

/** Texts that somebody offers as the data of an event. */
export const nastyJson: readonly string[] = corpus.eventJson.map(textOf)

function textOf(text: Text): string {
  if (typeof text === 'string') return text
  return text.repeat.repeat(text.times) + (text.then === undefined ? '' : textOf(text.then))
}
