/** Prints lines with how long it has taken until then. */
export function timedLog(): (line: string) => void {
  const begin = performance.now()
  return (line) => console.log(`  ${((performance.now() - begin) / 1_000).toFixed(1)} s: ${line}`)
}

/** Prints each by its name. */
export function printFigures(figures: object): void {
  for (const [name, figure] of Object.entries(figures))
    console.log(`${name}: ${typeof figure === 'object' ? JSON.stringify(figure) : figure}`)
}

/** Prints what was found, or that nothing was: then the exit code is 0, else 1. */
export function reportFindings(findings: readonly string[], allIsRight: string): void {
  for (const finding of findings.slice(0, 100)) console.log(finding.slice(0, 1_000))
  console.log(findings.length === 0 ? allIsRight : `${findings.length} findings`)
  if (findings.length > 0) process.exitCode = 1
}
