#!/usr/bin/env node
// The rest is loaded only on a Node that can read it, so that an older one gets a sentence and not
// a syntax error.
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  console.error(
    `aether: needs Node 24 or newer, and this is ${process.version}: npm install node@24`,
  )
  process.exitCode = 1
} else {
  const { run } = await import('./run.ts')
  const { endProcess } = await import('./end-process.ts')
  await endProcess(await run(process.argv.slice(2)))
}
