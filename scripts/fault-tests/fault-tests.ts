/** One way of breaking Aether on purpose, and of looking at what came of it. */
export interface FaultTest {
  /** What is broken, and where. */
  readonly title: string
  /** Behind `npm run`. */
  readonly command: string
  /** Aether, or what it stands on, is made to lie here: that must be found. */
  readonly isControl?: boolean
}

const backends = [
  ['sqlite', 'SQLite'],
  ['nats-r1', 'JetStream, one server'],
  ['nats-r3', 'JetStream, three servers'],
] as const

/** In the order of the page. */
export const faultTests: readonly FaultTest[] = [
  ...backends.map(([backend, name]) => ({
    title: `What a store promises, killed and frozen: ${name}`,
    command: `history-check -- --backend ${backend} --seconds 60 --seed 42`,
  })),
  {
    title: 'Power cuts of a disk under each store',
    command: 'power-cut -- --rounds 3',
  },
  {
    title: 'A leader that was frozen and replaced answers again',
    command: 'frozen-leader -- --trials 20',
  },
  ...backends.map(([backend, name]) => ({
    title: `Commands to nodes that are killed: ${name}`,
    command: `command-check -- --backend ${backend} --commands ${backend === 'nats-r3' ? 20_000 : 100_000} --seed 42`,
  })),
  ...backends.slice(0, 2).map(([backend, name]) => ({
    title: `Two nodes that know nothing of each other on one store: ${name}`,
    command: `command-check -- --backend ${backend} --commands 20000 --nodes 2 --accounts 4 --answers-per-kill 0 --seed 42`,
  })),
  {
    title: 'A shop that sells for a long time: is anything kept that nobody needs?',
    command: 'soak -- --backend sqlite --orders 50000',
  },
  {
    title: 'One actor in a thousand that can’t be read',
    command: 'poisoned-actor',
  },
  ...backends.map(([backend, name]) => ({
    title: `Read models and policies of members that are killed and frozen: ${name}`,
    command: `projection-check -- --backend ${backend} --seconds 60 --seed 42`,
  })),
  {
    title: 'The same, with tables that store their progress apart from their rows',
    command:
      'projection-check -- --backend sqlite --seconds 30 --seed 42 --sabotage progress-apart',
    isControl: true,
  },
  {
    title: 'The same, with tables that readers see too early',
    command:
      'projection-check -- --backend sqlite --seconds 30 --seed 42 --sabotage shows-too-early',
    isControl: true,
  },
  ...backends.flatMap(([backend, name]) =>
    (['sudden', 'staged'] as const).map((plan) => ({
      title: `New versions of the code under load, ${plan}: ${name}`,
      command: `rolling-deploy -- --plan ${plan} --backend ${backend} --seed 42`,
    })),
  ),
]
