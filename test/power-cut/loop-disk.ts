import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const diskBytes = 512 * 1024 * 1024

/** `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`, as Node knows no ioctl. */
const shutdown = `
  open(my $disk, '<', $ARGV[0]) or die "$ARGV[0]: $!\\n";
  my $flags = pack('L', 2);
  ioctl($disk, 0x8004587D, $flags) or die "EXT4_IOC_SHUTDOWN: $!\\n";
`

/** This machine can't cut the power of a disk. */
export class NoLoopDisk extends Error {
  override readonly name = 'NoLoopDisk'
}

/**
 * An ext4 file system of its own, in a file. Its power can be cut: what was written and not synced is
 * gone then, as it is when a machine goes down. Needs Linux, root, loop devices, mkfs.ext4 and perl.
 */
export class LoopDisk implements AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string
  readonly #folder: string
  readonly #image: string
  #isMounted = false

  private constructor(folder: string) {
    this.#folder = folder
    this.#image = join(folder, 'image')
    this.path = join(folder, 'disk')
  }

  /** @throws NoLoopDisk, saying what is missing. */
  static async make(): Promise<LoopDisk> {
    const disk = new LoopDisk(await mkdtemp(join(tmpdir(), 'aether-disk-')))
    try {
      await writeFile(disk.#image, '')
      await truncate(disk.#image, diskBytes)
      await run('mkfs.ext4', ['-q', disk.#image])
      await run('perl', ['-e', '1'])
      await mkdir(disk.path)
      await disk.mount()
      return disk
    } catch (cause) {
      await disk[Symbol.asyncDispose]()
      throw new NoLoopDisk(`no disk whose power can be cut: ${(cause as Error).message}`, { cause })
    }
  }

  async mount(): Promise<void> {
    await run('mount', ['-o', 'loop', this.#image, this.path])
    this.#isMounted = true
  }

  async unmount(): Promise<void> {
    await run('umount', [this.path])
    this.#isMounted = false
  }

  /** Writes down all there is. */
  async sync(): Promise<void> {
    await run('sync', ['-f', this.path])
  }

  /** From now on nothing reaches the disk, not even what waits to be written. */
  async cutPower(): Promise<void> {
    await run('perl', ['-e', shutdown, this.path])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isMounted) await this.unmount()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
