/** Something the user can understand and act on: told in one line, without a stack. */
export class Problem extends Error {
  override readonly name = 'Problem'
  /** What the process exits with. */
  readonly exitCode: number

  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly exitCode?: number } = {},
  ) {
    super(message, { cause: options.cause })
    this.exitCode = options.exitCode ?? 1
  }
}
