import type { ParseArgsOptionsConfig } from 'node:util'
import { help } from './help.ts'

/** Somebody wants to know what a command takes: thrown in its place, before it does anything. */
export class HelpWanted extends Error {
  readonly options: ParseArgsOptionsConfig

  constructor(options: ParseArgsOptionsConfig) {
    super('help is wanted')
    this.options = options
  }
}

/** What the help says of the commands that begin with these words, and what each of them takes. */
export function helpOn(path: readonly string[], options?: ParseArgsOptionsConfig): string {
  const paragraphs = help.trimEnd().split('\n\n')
  const beginning = ['  aether', ...path, ''].join(' ')
  const said = paragraphs
    .flatMap(entriesIn)
    .filter(([first = '']) => `${first} `.startsWith(beginning))
    .map((lines) => lines.join('\n'))
  const taken = Object.entries(options ?? {}).map(optionText)
  return [
    said.join('\n'),
    ...(options ? [`Options: ${taken.join(' ')}`] : []),
    ...(options && !('backend' in options) ? [] : [aboutAll(paragraphs, said)]),
  ].join('\n\n')
}

/** What is true of all commands, as far as it concerns these. */
function aboutAll(paragraphs: readonly string[], said: readonly string[]): string {
  const lines = paragraphs.at(-1)?.split('\n') ?? []
  const isFiltered = said.some((text) => text.includes('FILTER'))
  return lines.filter((line) => isFiltered || !line.startsWith('FILTER')).join('\n')
}

/** The lines of each command of a paragraph: the first has its words. */
function entriesIn(paragraph: string): readonly (readonly string[])[] {
  const entries: string[][] = []
  for (const line of paragraph.split('\n'))
    if (line.startsWith('  aether ')) entries.push([line])
    else entries.at(-1)?.push(line)
  return entries
}

/** `[--metadata VALUE]…` */
function optionText([name, { type, short, multiple }]: OptionEntry): string {
  const value = type === 'string' ? ' VALUE' : ''
  const spelled = short === undefined ? `--${name}` : `-${short}, --${name}`
  return `[${spelled}${value}]${multiple === true ? '…' : ''}`
}

type OptionEntry = readonly [name: string, option: ParseArgsOptionsConfig[string]]
