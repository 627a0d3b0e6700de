/** How a command ends. */
export const exitCode = {
  done: 0,
  /** An error, told on stderr. */
  failed: 1,
  /** The command line can't be understood. */
  usage: 2,
  /** It did what it should, and the answer is no: a conflict, something found to be wrong. */
  no: 3,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]
