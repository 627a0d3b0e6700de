import { type Logger, pino } from 'pino'
import { open } from '../index.ts'
import { memory } from '../backends/memory/index.ts'

/** A logger of pino is one of ours, also a child and one with levels of its own. */
void open({ backend: memory(), actors: [], logger: pino() })
void open({ backend: memory(), actors: [], logger: pino().child({ node: 'a' }) })
void open({ backend: memory(), actors: [], logger: pino({ customLevels: { audit: 35 } }) })

declare const given: Logger
void open({ backend: memory(), actors: [], logger: given })

// @ts-expect-error a console has no place for fields in front
void open({ backend: memory(), actors: [], logger: { ...console, warn: (text: string) => text } })
