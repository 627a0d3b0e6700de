import { type FaultTest, faultTests } from './fault-tests.ts'

/** What one of them came to. */
export interface FaultTestResult {
  readonly printed: string
  /** When, how long and where. */
  readonly measured: string
  readonly isAsItMustBe: boolean
}

const head = `# What was broken on purpose

What others call chaos tests. Processes and servers are killed (\`kill -9\`), frozen (\`SIGSTOP\`) and restarted while
they are worked with, disks lose their power, versions of the code replace each other; then all that anybody was
told is held against what is stored. Below is what each of these programs printed the last time, word for word;
\`npm run fault-tests\` makes this page anew, and each command works alone, with other seeds as well: a seed decides
what is done, not how it comes to meet the rest. Short forms of them are among the tests, with stores that lie and
must be found out (\`test/history\`, \`test/commands\`, \`test/projection-check\`, \`test/rolling-deploy\`).

A **control** breaks a promise on purpose: it must find something, and is wrong where it does not.
`

/** The page of all of them: a section each, in their order. */
export class FaultTestPage {
  /** By title. */
  readonly #sections: Map<string, string>

  private constructor(sections: Map<string, string>) {
    this.#sections = sections
  }

  /** What an earlier page has; nothing where there is none. */
  static of(page: string): FaultTestPage {
    const sections = page.split('\n## ').slice(1)
    return new FaultTestPage(
      new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), section.trim()])),
    )
  }

  put({ title, command, isControl }: FaultTest, result: FaultTestResult): void {
    const verdict = result.isAsItMustBe ? 'as it must be' : '**not as it must be**'
    const lines = [
      title,
      '',
      `\`npm run ${command}\`${isControl ? ', a control' : ''}  `,
      `${result.measured}: ${verdict}`,
      '',
      '```text',
      result.printed,
      '```',
    ]
    this.#sections.set(title, lines.join('\n'))
  }

  text(): string {
    const sections = faultTests.flatMap(({ title }) => this.#sections.get(title) ?? [])
    return [head, ...sections.map((section) => `## ${section}\n`)].join('\n')
  }
}
