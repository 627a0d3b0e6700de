import { Problem } from './problem.ts'

/** Cuts what `git … -z` writes at its NULs: paths are bytes, and only NUL is never part of one. */
export class NulReader {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next piece without its NUL; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    let searched = 0
    for (;;) {
      const end = this.#rest.indexOf(0, searched)
      if (end >= 0) {
        const piece = this.#rest.subarray(0, end)
        this.#rest = this.#rest.subarray(end + 1)
        return piece
      }
      searched = this.#rest.length
      const chunk = await this.#chunks.next()
      if (chunk.done) return this.#atEnd()
      this.#rest = searched === 0 ? chunk.value : Buffer.concat([this.#rest, chunk.value])
    }
  }

  /** The next piece, which must be there. */
  async expect(what: string): Promise<Buffer> {
    const piece = await this.next()
    if (!piece) throw new Problem(`git stopped where ${what} had to follow`)
    return piece
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  #atEnd(): undefined {
    if (this.#rest.length === 0) return undefined
    throw new Problem(`git stopped in the middle of ${JSON.stringify(this.#rest.toString())}`)
  }
}
