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
  readonly #name: string

  constructor(name: string, text: string) {
    this.#name = name
    this.text = text
    this.blocks = Array.from(
      text.matchAll(/^```(.*)\n([^]*?)^```$/gm),
      ([, language = '', text = '']) => ({ language, text }),
    )
  }

  /** @param name where it is in the repository */
  static async read(name: string): Promise<Document> {
    return new Document(name, await readFile(join(repository, name), 'utf8'))
  }

  block(language: string): string {
    const found = this.blocks.find((each) => each.language === language)
    if (!found) throw new Error(`${this.#name} has no block ${language}`)
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

  /** Writes the blocks with `file=`, and a project to compile them. */
  async extract(folder: string): Promise<void> {
    for (const { language, text } of this.blocks) {
      const file = /^ts file=(\S+)$/.exec(language)?.[1]
      if (!file) continue
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text)
    }
    const config = { extends: join(repository, 'tsconfig.json'), include: ['**/*.ts'] }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
  }
}

/** Ids and times differ from run to run: documents have … for them. */
export function withoutChance(text: string): string {
  return text.replaceAll(/"(id|time|commandDigest)":"[^"]*"/g, '"$1":"…"')
}
