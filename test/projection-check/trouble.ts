import { setTimeout as pause } from 'node:timers/promises'
import { ofServer } from '../history/disturbance.ts'
import type { NatsServer } from '../support/nats.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import { leases } from './leases.ts'
import type { ReadingProcess } from './reading-process.ts'

interface TroubleSettings {
  /** Whether there was trouble enough. */
  readonly isEnough: () => boolean
  readonly log: (line: string) => void
}

/** What is done to the members and to the servers, and how often it was. */
export class Trouble {
  readonly #settings: TroubleSettings
  kills = 0
  freezes = 0
  /** Servers that were killed, frozen or restarted. */
  outages = 0

  constructor(settings: TroubleSettings) {
    this.#settings = settings
  }

  /** Kills and freezes these members, one at a time. */
  async ofMembers(members: readonly ReadingProcess[], random: SeededRandom): Promise<void> {
    while (!this.#settings.isEnough()) {
      await pause(200 + random.below(1_500))
      const member = random.pick(members)
      if (random.chance(0.5)) await this.#kill(member, random)
      else await this.#freeze(member, random)
    }
  }

  /** Kills, freezes and restarts the servers, one after the other. */
  async ofServers(servers: readonly NatsServer[], random: SeededRandom): Promise<void> {
    for (let turn = random.below(servers.length); !this.#settings.isEnough(); turn++) {
      await pause(2_000 + random.below(4_000))
      const server = servers[turn % servers.length] as NatsServer
      const { name, disturb } = random.pick(ofServer(server))
      this.#settings.log(`${name} of ${server.name}`)
      this.outages++
      await disturb(random)
    }
  }

  async #kill(member: ReadingProcess, random: SeededRandom): Promise<void> {
    this.#settings.log(`kill ${member.name}`)
    this.kills++
    await member.kill()
    // Now and then it is back before anybody has missed it.
    await pause(random.chance(0.5) ? 0 : random.below(2 * leases.leaseMs))
    await member.start()
  }

  async #freeze(member: ReadingProcess, random: SeededRandom): Promise<void> {
    this.#settings.log(`freeze ${member.name}`)
    this.freezes++
    await member.freeze()
    await pause(leases.leaseMs + 500 + random.below(2_500))
    member.thaw()
  }
}
