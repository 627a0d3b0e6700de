/**
 * Finds a `nats-server` new enough for Aether, or gets one without root.
 *
 *     node scripts/nats-server.ts    prints the path of the server and nothing else on stdout
 *
 * The order: `NATS_SERVER`, the `PATH`, the cache (`AETHER_CACHE`, by default inside
 * `node_modules`), and on Debian-like machines the package of a newer Debian release, fetched
 * from the very source that the machine's own apt uses and unpacked into the cache.
 */
import { execFile } from 'node:child_process'
import {
  constants,
  access,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const MINIMUM_VERSION = '2.14.4'

/** The Debian release whose nats-server is new enough. */
const DEBIAN_SUITE = 'forky'

/** A server that says nothing for this long isn't one that the tests could use. */
const VERSION_TIMEOUT_MS = 10_000

/** How long apt waits for a silent mirror before it gives the mirror up. */
const MIRROR_TIMEOUT_S = 15

/** How long any one step of the download may take in all. */
const DOWNLOAD_STEP_TIMEOUT_MS = 120_000

/** A download folder older than this was left behind by a process that was killed. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000

const HOW_TO_INSTALL = `Install one, then run this again:
  - macOS:   brew install nats-server
  - Debian:  apt-get install nats-server, on a release that has ${MINIMUM_VERSION} or newer
  - Docker:  the image nats:2.15 holds the program as /nats-server
  - others:  the releases page of nats-io/nats-server on GitHub
Put it on the PATH, or name it: NATS_SERVER=/path/to/nats-server`

class NatsServerUnavailable extends Error {
  override readonly name = 'NatsServerUnavailable'
  readonly code = 'NATS_SERVER_UNAVAILABLE'
}

/**
 * The path of a usable `nats-server`, fetched first if that is needed and possible.
 *
 * Safe to call from many processes at once.
 *
 * @throws NatsServerUnavailable, saying what was tried and how to install one.
 */
export async function findNatsServer(): Promise<string> {
  const named = process.env['NATS_SERVER']
  if (named) return namedServer(named)

  const rejected: string[] = []
  const found = await firstUsable([...pathCandidates(), cachedServer()], rejected)
  if (found) return found

  try {
    return await downloadFromDebian()
  } catch (error) {
    const tried = [...rejected, `Download: ${reason(error)}`]
    throw new NatsServerUnavailable(
      `No nats-server ${MINIMUM_VERSION} or newer was found, neither on the PATH nor in the cache.\n` +
        `${tried.map((line) => `  * ${line}`).join('\n')}\n${HOW_TO_INSTALL}`,
      { cause: error },
    )
  }
}

/**
 * The version that the program at `path` reports, as `major.minor.patch`.
 *
 * @throws Error if it can't be run, or is no nats-server.
 */
export async function natsServerVersion(path: string): Promise<string> {
  const output = await run(path, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS })
  const version = /nats-server: v(\d+\.\d+\.\d+)/.exec(output)?.[1]
  if (!version)
    throw new Error(`${path} --version printed ${JSON.stringify(output.trim().split('\n')[0])}`)
  return version
}

/** Whoever names a server means that one, so that another is never taken in its stead. */
async function namedServer(path: string): Promise<string> {
  const objection = await objectionTo(path)
  if (!objection) return resolve(path)
  throw new NatsServerUnavailable(
    `NATS_SERVER can't be used: ${objection}.\n` +
      `Name a nats-server ${MINIMUM_VERSION} or newer, or unset NATS_SERVER to have one found.`,
  )
}

async function firstUsable(paths: string[], rejected: string[]): Promise<string | undefined> {
  for (const path of paths) {
    if (!(await isExecutable(path))) continue
    const objection = await objectionTo(path)
    if (!objection) return path
    rejected.push(objection)
  }
  return undefined
}

/** Why the program can't be used, or undefined if it can. */
async function objectionTo(path: string): Promise<string | undefined> {
  if (!(await isExecutable(path))) return `${path} is no executable file`
  try {
    const version = await natsServerVersion(path)
    if (isNewEnough(version)) return undefined
    return `${path} is version ${version}, and ${MINIMUM_VERSION} or newer is needed`
  } catch (error) {
    return `${path} doesn't run: ${reason(error)}`
  }
}

function isNewEnough(version: string): boolean {
  const numbers = version.split('.').map(Number)
  for (const [index, minimum] of MINIMUM_VERSION.split('.').map(Number).entries()) {
    const difference = (numbers[index] ?? 0) - minimum
    if (difference !== 0) return difference > 0
  }
  return true
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

/** Debian installs servers into `sbin`, which a normal user's PATH leaves out. */
function pathCandidates(): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const withSbin = folders.flatMap((folder) => [folder, folder.replace(/(^|\/)bin\/?$/, '$1sbin')])
  return [...new Set(withSbin)].map((folder) => resolve(folder, 'nats-server'))
}

function cacheFolder(): string {
  const root = process.env['AETHER_CACHE']
  if (root) return resolve(root, 'nats-server')
  return fileURLToPath(new URL('../node_modules/.cache/nats-server', import.meta.url))
}

function cachedServer(): string {
  return join(cacheFolder(), 'nats-server')
}

/**
 * Everything happens in a folder of this process's own inside the cache. Only a program that has
 * shown its version is renamed into place, which other processes see whole or not at all.
 */
async function downloadFromDebian(): Promise<string> {
  const sources = await debianSources()
  const cache = cacheFolder()
  await mkdir(cache, { recursive: true })
  await removeAbandonedDownloads(cache)

  const failures: string[] = []
  for (const source of sources) {
    const folder = await mkdtemp(join(cache, 'download-'))
    try {
      const program = await downloadFrom(source, folder)
      await rename(program, cachedServer())
      return cachedServer()
    } catch (error) {
      failures.push(reason(error))
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  throw new Error(failures.join('\n'))
}

async function removeAbandonedDownloads(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith('download-')) continue
    const folder = join(cache, name)
    const modified = await stat(folder).catch(() => undefined) // its owner may just have removed it
    if (!modified || Date.now() - modified.mtimeMs < ABANDONED_AFTER_MS) continue
    await rm(folder, { recursive: true, force: true })
  }
}

/** The program, tried out but still inside `folder`. */
async function downloadFrom(source: AptSource, folder: string): Promise<string> {
  const apt = ['-q', '-c', await writeAptConfiguration(source, folder)]
  progress(`fetching nats-server from Debian ${DEBIAN_SUITE} (${source.origin})`)
  await run('apt-get', [...apt, 'update'], { timeoutMs: DOWNLOAD_STEP_TIMEOUT_MS })
  await run('apt-get', [...apt, 'download', 'nats-server'], {
    timeoutMs: DOWNLOAD_STEP_TIMEOUT_MS,
    cwd: folder,
  })

  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'))
  if (!archive) throw new Error('apt-get download nats-server left no package behind')
  const unpacked = join(folder, 'unpacked')
  await run('dpkg', ['-x', join(folder, archive), unpacked], {
    timeoutMs: DOWNLOAD_STEP_TIMEOUT_MS,
  })

  const program = join(folder, 'nats-server')
  await copyFile(join(unpacked, 'usr', 'sbin', 'nats-server'), program)
  const objection = await objectionTo(program)
  if (objection) throw new Error(objection)
  progress(`fetched nats-server ${await natsServerVersion(program)}`)
  return program
}

/**
 * A configuration that leaves the machine's own apt untouched: lists, caches and sources are in
 * `folder`. Proxies, credentials and keys stay the machine's, since `Dir::Etc` does.
 */
async function writeAptConfiguration(source: AptSource, folder: string): Promise<string> {
  const sourceParts = join(folder, 'sources')
  const status = join(folder, 'status')
  await mkdir(sourceParts)
  await mkdir(join(folder, 'state', 'lists', 'partial'), { recursive: true })
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true })
  await writeFile(status, '')
  await writeFile(join(sourceParts, `debian.${source.format}`), source.text)

  const configuration = join(folder, 'apt.conf')
  await writeFile(
    configuration,
    `// The machine's own hooks after an update are about its own lists.
#clear APT::Update;
// A mirror that can't be reached is only a warning by default.
APT::Update::Error-Mode "any";
Dir::State "${join(folder, 'state')}";
Dir::State::status "${status}";
Dir::Cache "${join(folder, 'cache')}";
Dir::Etc::sourcelist "${join(folder, 'no-sources.list')}";
Dir::Etc::sourceparts "${sourceParts}";
// As root, apt would download as a user who may not write here.
APT::Sandbox::User "root";
Acquire::Retries "1";
Acquire::http::Timeout "${MIRROR_TIMEOUT_S}";
Acquire::https::Timeout "${MIRROR_TIMEOUT_S}";
`,
  )
  return configuration
}

/** One Debian source in the format of the file it came from, moved to the newer release. */
interface AptSource {
  readonly format: 'sources' | 'list'
  readonly text: string
  /** What to call it in messages. */
  readonly origin: string
}

/** @throws Error if this is no machine with apt, or its apt knows no Debian source. */
async function debianSources(): Promise<AptSource[]> {
  const places = await aptPlaces()
  const parts = (await readdir(places.sourceParts).catch((): string[] => [])).toSorted()
  const files = [places.sourceList, ...parts.map((name) => join(places.sourceParts, name))]

  const sources: AptSource[] = []
  for (const file of files) {
    const text = file.endsWith('.sources') || file.endsWith('.list') ? await readText(file) : ''
    sources.push(...(file.endsWith('.sources') ? fromStanzas(text) : fromLines(text)))
  }
  if (sources.length > 0) return sources
  throw new Error("this machine's apt sources name no Debian release to fetch it from")
}

async function aptPlaces(): Promise<{ sourceList: string; sourceParts: string }> {
  const questions = ['LIST', 'Dir::Etc::sourcelist/f', 'PARTS', 'Dir::Etc::sourceparts/d']
  let answer: string
  try {
    answer = await run('apt-config', ['shell', ...questions], { timeoutMs: VERSION_TIMEOUT_MS })
    await run('dpkg', ['--version'], { timeoutMs: VERSION_TIMEOUT_MS })
  } catch (error) {
    throw new Error("only possible where Debian's apt-get and dpkg are", { cause: error })
  }
  const value = (name: string): string =>
    new RegExp(`^${name}='(.*)'$`, 'm').exec(answer)?.[1] ?? ''
  return { sourceList: value('LIST'), sourceParts: value('PARTS') }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return '' // a source that this user can't read is none
  }
}

/** The format of `*.sources`: stanzas of fields, whose continuation lines are indented. */
function fromStanzas(text: string): AptSource[] {
  return text.split(/\n(?:[ \t]*\n)+/).flatMap((stanza): AptSource[] => {
    const fields = stanzaFields(stanza)
    const field = (name: string): string => fields.get(name.toLowerCase()) ?? ''
    const words = (name: string): string[] => field(name).split(/\s+/)
    if (field('Enabled') === 'no' || !words('Types').includes('deb')) return []
    if (!words('Suites').some(isReleaseName) || !words('Components').includes('main')) return []

    const moved = new Map(fields)
    moved.set('types', 'deb')
    moved.set('suites', DEBIAN_SUITE)
    moved.set('components', 'main')
    moved.set('targets', 'Packages')
    const lines = [...moved].map(([name, value]) => `${name}: ${value}\n`)
    return [{ format: 'sources', text: lines.join(''), origin: words('URIs').join(' ') }]
  })
}

function stanzaFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>()
  let last = ''
  for (const line of stanza.split('\n').filter((text) => !text.startsWith('#'))) {
    const [, name, value] = /^([^\s:]+):[ \t]*(.*)$/.exec(line) ?? []
    if (name !== undefined) fields.set((last = name.toLowerCase()), value ?? '')
    else if (last && /^\s/.test(line)) fields.set(last, `${fields.get(last) ?? ''}\n${line}`)
  }
  return fields
}

/** The format of `*.list`: `deb [options] address suite components`. */
function fromLines(text: string): AptSource[] {
  return text.split('\n').flatMap((line): AptSource[] => {
    const parsed = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line)
    const [, options = '', address = '', suite = '', components = ''] = parsed ?? []
    if (!isReleaseName(suite) || !components.split(/\s+/).includes('main')) return []
    const moved = `deb [${options} target=Packages] ${address} ${DEBIAN_SUITE} main\n`
    return [{ format: 'list', text: moved, origin: address }]
  })
}

/** `bookworm` or `stable`, but not `bookworm-security`, nor a folder of packages (`./`). */
function isReleaseName(suite: string): boolean {
  return /^[a-z]+$/.test(suite)
}

interface RunOptions {
  readonly timeoutMs: number
  readonly cwd?: string
}

/** What the program printed on stdout. A failure carries the end of what it said on stderr. */
async function run(program: string, args: string[], options: RunOptions): Promise<string> {
  const { timeoutMs, cwd } = options
  const verb = args.find((arg) => !arg.startsWith('-') && !arg.includes('/'))
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      timeout: timeoutMs,
      env: { ...process.env, LC_ALL: 'C' },
      ...(cwd ? { cwd } : {}),
    })
    return stdout
  } catch (error) {
    const { stderr, killed } = error as { stderr?: string; killed?: boolean }
    const said = stderr?.trim().split('\n').slice(-4).join('\n')
    const what = killed ? `had not ended after ${timeoutMs / 1000} s` : said || reason(error)
    throw new Error(`${verb ? `${program} ${verb}` : program}: ${what}`, { cause: error })
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function progress(message: string): void {
  process.stderr.write(`nats-server: ${message}\n`)
}

if (import.meta.main) {
  try {
    process.stdout.write(`${await findNatsServer()}\n`)
  } catch (error) {
    process.stderr.write(`${reason(error)}\n`)
    process.exitCode = 1
  }
}
