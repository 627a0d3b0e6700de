import { CliProcess } from './cli.ts'

// A test process that starts `aether dev` of a module in its folder, and ends without a chance to end it.

const node = new CliProcess(['dev', 'module.ts', '--port', '0'])
await node.listening()
process.send?.(node.pid)
