import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findFreePortPair } from '../free-ports.ts'
import { findControlPlaneCommands, type ControlPlaneCommands } from './commands.ts'
import { apiServerFlags, controllerManagerFlags, etcdFlags, type ControlPlaneFiles } from './flags.ts'
import { startControlPlaneProcess, startGuard, type ControlPlaneProcess } from './process.ts'
import { kubeconfigText, tokenFileText, type TestUser } from './users.ts'

export { findControlPlaneCommands, howToGetAControlPlane, type ControlPlaneCommands } from './commands.ts'
export type { TestUser } from './users.ts'

/**
 * A real kube-apiserver with its etcd on 127.0.0.1, for tests, benches and scripts. RBAC is on. There are no nodes: pods never run. Without
 * controllers, deletions do not cascade and namespaces never end. Its data lives in a temporary directory until `stop`.
 */
export interface ControlPlane {
  /** https://127.0.0.1:PORT; the same after `restart`. */
  readonly server: string
  readonly port: number
  /** PEM. */
  readonly certificateAuthority: string
  /** Token of a cluster administrator (system:masters, which RBAC never refuses). */
  readonly token: string
  /** Kubeconfig of the administrator, as a file and as its text. */
  readonly kubeconfigFile: string
  readonly kubeconfig: string
  /** Directory for temporary files of a test. `stop` removes it. */
  readonly directory: string
  /** Returns the token of one of `options.users`. @throws when there is no such user */
  userToken(name: string): string
  /** Returns the kubeconfig of one of `options.users`, as text. @throws when there is no such user */
  userKubeconfig(name: string): string
  /**
   * Returns the kubeconfig of an administrator who impersonates a user. The user needs no declaration. kubectl and our client understand
   * it.
   */
  impersonatingKubeconfig(name: string, groups?: readonly string[]): string
  /** Returns the process id of one of its programs, such as kube-apiserver; null while it is down. */
  pidOf(program: string): number | null
  /** Drops etcd's history up to now, as happens every five minutes. The API server still serves what it has in memory, until `restart`. */
  compact(): Promise<void>
  /** Sends SIGSTOP to the API server: connections stay open without answers. */
  pause(): void
  resume(): void
  /** Sends SIGKILL to all programs, like a machine that loses its power. The data stays. Does nothing while they are down. */
  kill(): Promise<void>
  /** Starts on the same ports and data, after an orderly end of what runs. The API server then has no history: old watches are `gone`. */
  restart(): Promise<void>
  /** Ends all programs and removes the data. Idempotent; nothing can be started afterwards. */
  stop(): Promise<void>
}

export interface StartControlPlaneOptions {
  /** Users beside the administrator. */
  readonly users?: readonly TestUser[]
  /** Names such as those of `defaultControllers`. They need kube-controller-manager. @default none */
  readonly controllers?: readonly string[]
  /** Port of the API server. @default a free one */
  readonly port?: number
  /** Further flags of kube-apiserver. */
  readonly apiServerFlags?: readonly string[]
  /** Longest time for one start. @default 60000 */
  readonly startTimeoutMs?: number
  /** Environment with PATH and KUBEBUILDER_ASSETS. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Controllers that cascade deletions, end namespaces, and give each namespace a service account. */
export const defaultControllers = ['garbage-collector-controller', 'namespace-controller', 'serviceaccount-controller'] as const

/**
 * Starts etcd, kube-apiserver and, for `controllers`, kube-controller-manager, and waits until the API server is ready (about 4 s).
 * @throws when a command is missing (the message says how to get it), or it is not ready in time (with the last output)
 */
export async function startControlPlane(options: StartControlPlaneOptions = {}): Promise<ControlPlane> {
  const commands = commandsFor(options)
  const directory = await mkdtemp(join(tmpdir(), 'carillon-control-plane-'))
  // Tries again only with ports of our choice: another process may take one between the look and the use.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startIn(directory, commands, options)
    } catch (error) {
      if (attempt < 3 && options.port === undefined && String(error).includes('address already in use')) continue
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }
}

function commandsFor(options: StartControlPlaneOptions): ControlPlaneCommands {
  const commands = findControlPlaneCommands(options.env ?? process.env)
  if (!commands.ok) throw new Error(`cannot start a control plane. ${commands.error}`)
  if ((options.controllers ?? []).length > 0 && commands.value.kubeControllerManager === null) {
    throw new Error(
      'cannot start a control plane with controllers: there is no `kube-controller-manager` on the PATH or in KUBEBUILDER_ASSETS',
    )
  }
  return commands.value
}

async function startIn(directory: string, commands: ControlPlaneCommands, options: StartControlPlaneOptions): Promise<ControlPlane> {
  const files = await writeFiles(directory, options)
  const server = `https://127.0.0.1:${files.port}`
  const guard = startGuard(directory)
  let running: readonly ControlPlaneProcess[] = []
  let isStopped = false

  const start = async (): Promise<string> => {
    const started: ControlPlaneProcess[] = []
    const run = async (name: string, command: string, flags: readonly string[]): Promise<void> => {
      started.push(await startControlPlaneProcess(name, command, flags, join(directory, `${name}.log`)))
      running = [...started]
      guard.watch(running)
    }
    await run('etcd', commands.etcd, etcdFlags(files))
    await run('kube-apiserver', commands.kubeApiserver, apiServerFlags(files, options))
    const authority = await untilReady(files, started, options.startTimeoutMs ?? 60_000)
    const controllers = options.controllers ?? []
    await writeFile(files.kubeconfigFile, kubeconfigText({ server, certificateAuthority: authority, token: files.token }))
    if (controllers.length > 0 && commands.kubeControllerManager !== null) {
      await run('kube-controller-manager', commands.kubeControllerManager, controllerManagerFlags(files, controllers))
    }
    return authority
  }
  /** Takes the processes out of `running` at once, so that two callers never end or start the same. */
  const end = async (how: 'kill' | 'terminate'): Promise<void> => {
    const ending = running.toReversed()
    running = []
    if (how === 'kill') for (const each of ending) each.signal('SIGKILL')
    for (const each of ending) await (how === 'kill' ? each.gone : each.terminate())
    guard.watch(running)
  }
  const onExit = (): void => {
    for (const each of running) each.signal('SIGKILL')
  }
  process.once('exit', onExit)
  const stop = async (): Promise<void> => {
    isStopped = true
    await end('terminate')
    guard.dismiss()
    process.off('exit', onExit)
    await rm(directory, { recursive: true, force: true })
  }

  let certificateAuthority = ''
  try {
    certificateAuthority = await start()
  } catch (error) {
    await end('kill')
    guard.dismiss()
    process.off('exit', onExit)
    throw error
  }
  const signalApiServer = (signal: NodeJS.Signals): void => running.find(({ name }) => name === 'kube-apiserver')?.signal(signal)
  const userToken = (name: string): string => {
    const token = files.tokens.get(name)
    if (token === undefined) throw new Error(`no user ${name}: name it in the option \`users\` of startControlPlane`)
    return token
  }
  return {
    server,
    port: files.port,
    certificateAuthority,
    token: files.token,
    kubeconfigFile: files.kubeconfigFile,
    kubeconfig: kubeconfigText({ server, certificateAuthority, token: files.token }),
    directory,
    userToken,
    userKubeconfig: (name) => kubeconfigText({ server, certificateAuthority, token: userToken(name) }),
    impersonatingKubeconfig: (name, groups = []) =>
      kubeconfigText({ server, certificateAuthority, token: files.token, actAs: { name, groups } }),
    pidOf: (program) => running.find(({ name }) => name === program)?.pid ?? null,
    compact: () => compactEtcd(files.etcdPort),
    pause: () => signalApiServer('SIGSTOP'),
    resume: () => signalApiServer('SIGCONT'),
    kill: () => end('kill'),
    restart: async () => {
      if (isStopped) throw new Error('this control plane was stopped and its data removed; start a new one')
      await end('terminate')
      await start()
    },
    stop,
  }
}

interface WrittenFiles extends ControlPlaneFiles {
  readonly token: string
  readonly tokens: ReadonlyMap<string, string>
}

async function writeFiles(directory: string, options: StartControlPlaneOptions): Promise<WrittenFiles> {
  const [etcdPort, apiPort] = [await findFreePortPair(), await findFreePortPair()]
  const serviceAccountKeyFile = join(directory, 'service-account.key')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(serviceAccountKeyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  const administrator: TestUser = { name: 'administrator', groups: ['system:masters'] }
  const users = [administrator, ...(options.users ?? [])].map((user) => ({ ...user, token: randomBytes(16).toString('hex') }))
  const tokenFile = join(directory, 'tokens.csv')
  await writeFile(tokenFile, tokenFileText(users), { mode: 0o600 })
  return {
    directory,
    etcdPort,
    port: options.port ?? apiPort,
    controllerManagerPort: apiPort + 1,
    certificateDirectory: join(directory, 'certificates'),
    kubeconfigFile: join(directory, 'kubeconfig'),
    serviceAccountKeyFile,
    tokenFile,
    token: users[0]?.token ?? '',
    tokens: new Map(users.map(({ name, token }) => [name, token])),
  }
}

/**
 *
 * @returns the certificate that the API server made for itself, which is its own authority
 */
async function untilReady(files: WrittenFiles, started: readonly ControlPlaneProcess[], timeoutMs: number): Promise<string> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const authority = await readFile(join(files.certificateDirectory, 'apiserver.crt'), 'utf8').catch(() => null) // not written yet
    if (authority !== null && (await isReady(files, authority))) return authority
    const ended = started.find((each) => !each.isRunning())
    if (ended !== undefined) throw new Error(`${ended.name} ended by itself (${await ended.gone}). Its last output:\n${ended.lastOutput()}`)
    if (Date.now() > deadline) {
      throw new Error(
        `the control plane was not ready after ${timeoutMs} ms. Its last output:\n${started.map((each) => each.lastOutput()).join('\n')}`,
      )
    }
    await wait(50)
  }
}

function isReady(files: WrittenFiles, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${files.token}` }
    const asked = request(`https://127.0.0.1:${files.port}/readyz`, { ca, headers, agent: false, timeout: 2_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.once('timeout', () => asked.destroy(new Error('no answer')))
    asked.once('error', () => resolve(false)) // it does not listen yet, or has not loaded its certificate or users yet
    asked.end()
  })
}

/** Compacts by etcd's JSON gateway, https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/ */
async function compactEtcd(port: number): Promise<void> {
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`etcd refused ${path}: ${await answer.text()}`)
    return answer.json()
  }
  // etcd answers every range request with its current revision.
  const found = (await post('range', { key: 'AA==' })) as { header: { revision: string } }
  await post('compaction', { revision: found.header.revision, physical: true })
}
