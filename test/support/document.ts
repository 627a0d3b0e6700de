import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { repository } from '../checks/repository.ts'

/** A code block of a document: what stands behind its fence, and its text. */
export interface Block {
  readonly language: string
  readonly text: string
}

/** A document whose code is run. */
export class Document {
  readonly blocks: readonly Block[]
  readonly text: string
  /** Where it is in the repository. */
  readonly name: string

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
    this.blocks = Array.from(
      text.matchAll(/^```(.*)\n([^]*?)^```$/gm),
      ([, language = '', text = '']) => ({ language, text }),
    )
  }

  static async read(name: string): Promise<Document> {
    return new Document(name, await readFile(join(repository, name), 'utf8'))
  }

  block(language: string): string {
    const found = this.blocks.find((each) => each.language === language)
    if (!found) throw new Error(`${this.name} has no block ${language}`)
    return found.text
  }

  /** Each line that begins with curl, and the answer that stands below it. */
  get exchanges(): readonly { readonly line: string; readonly answer: string }[] {
    return this.blocks.flatMap(({ language, text }, index) => {
      if (language !== 'sh' || !text.startsWith('curl ')) return []
      const answer = this.blocks[index + 1]
      if (answer?.language !== 'json') throw new Error(`${text} has no answer`)
      return [{ line: text.trim(), answer: answer.text.trim() }]
    })
  }

  /** The blocks that are named so, as `ts file=bank.ts`, by their names. */
  named(kind: string): ReadonlyMap<string, string> {
    const named = this.blocks.filter(({ language }) => language.startsWith(`${kind}=`))
    return new Map(named.map(({ language, text }) => [language.slice(kind.length + 1), text]))
  }

  /** Writes the blocks with `file=`. */
  async extract(folder: string): Promise<void> {
    for (const [file, text] of this.named('ts file')) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text, { flag: 'wx' })
    }
  }
}

/** Ids and times differ from run to run: documents have … for them. */
export function withoutChance(text: string): string {
  return text.replaceAll(/"(id|time|commandDigest)":"[^"]*"/g, '"$1":"…"')
}
