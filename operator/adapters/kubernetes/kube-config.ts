import { messageOf } from '../../../program/message-of.ts'
import { accessSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { KubeConfig, loadYaml } from '@kubernetes/client-node'
import { failed, ok, type Result } from '../../../program/result.ts'

export interface KubeConfigOptions {
  /** Null: the service account of this pod, or `~/.kube/config` outside of pods. */
  readonly kubeconfigFile: string | null
  /** Null: the file's current context. */
  readonly context: string | null
  /** Prefix of the paths of a pod's service account, for tests. @default '' */
  readonly root?: string
  /** Folder in which `.kube/config` is looked up. @default the user's home */
  readonly home?: string
}

/** An API server and the identity to use there. */
export interface LoadedKubeConfig {
  readonly source: 'pod' | 'file'
  /** https://host:port, possibly with a path. */
  readonly server: string
  /** Namespace of the pod, or of the context. Null: it names none. */
  readonly namespace: string | null
  /** client-node's config, which provides the credentials. */
  readonly config: KubeConfig
  /** Impersonated groups. client-node sends the impersonated user, but not the groups. */
  readonly actAsGroups: readonly string[]
}

const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/**
 * Finds the API server to use.
 * @returns an error with the problem when there is none
 */
export function loadKubeConfig(options: KubeConfigOptions): Result<LoadedKubeConfig, string> {
  const { kubeconfigFile, root = '', home = homedir() } = options
  if (kubeconfigFile !== null) return loadFile(kubeconfigFile, options.context)
  if (isReadable(root + serviceAccountToken)) return loadPod(root, options.context)
  const standard = join(home, '.kube', 'config')
  if (isReadable(standard)) return loadFile(standard, options.context)
  return failed(
    `no API server is configured: this process is not in a pod with a service account (${serviceAccountToken}), and ${standard} does not exist; name a kubeconfig file`,
  )
}

function loadPod(root: string, context: string | null): Result<LoadedKubeConfig, string> {
  if (context !== null)
    return failed(`the context ${context} needs a kubeconfig file, because a pod uses its service account; name the file, too`)
  const config = new KubeConfig()
  config.loadFromCluster(root)
  const server = config.getCurrentCluster()?.server ?? ''
  if (!URL.canParse(server))
    return failed('this pod has a service account but not the variables KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT')
  const unreadable = unreadableFileOf(config)
  if (unreadable !== null) return failed(`this pod has a service account, and ${unreadable}`)
  return ok({ source: 'pod', server, namespace: namespaceOf(config), config, actAsGroups: [] })
}

function loadFile(file: string, context: string | null): Result<LoadedKubeConfig, string> {
  const config = new KubeConfig()
  let written: WrittenConfig
  try {
    const text = readFileSync(file, 'utf8')
    written = loadYaml<WrittenConfig>(text) // each part is checked where it is used
    config.loadFromFile(file)
  } catch (error) {
    return failed(`cannot read the kubeconfig ${file}: ${firstLineOf(error)}`)
  }
  if (context !== null) config.setCurrentContext(context)
  const problem = problemOf(config, file)
  if (problem !== null) return failed(problem)
  const user = written.users?.find(({ name }) => name === config.getCurrentUser()?.name)?.user
  readTokenFileAnew(config, file, user)
  const groups: unknown = user?.['as-groups']
  return ok({
    source: 'file',
    server: config.getCurrentCluster()?.server ?? '',
    namespace: namespaceOf(config),
    config,
    actAsGroups: Array.isArray(groups) ? groups.map(String) : [],
  })
}

/** The part of a kubeconfig that client-node ignores. */
interface WrittenConfig {
  readonly users?: readonly { readonly name: string; readonly user?: Readonly<Record<string, unknown>> }[]
}

function problemOf(config: KubeConfig, file: string): string | null {
  const name = config.getCurrentContext() as string | undefined // undefined when the file sets none, although the type excludes it
  const known = config.getContexts().map((context) => context.name)
  const listed = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
  if (name === undefined || name === '') return `the kubeconfig ${file} has no current-context: name a context; ${listed}`
  const context = config.getContextObject(name)
  if (context === null) return `the kubeconfig ${file} has no context ${name}; ${listed}`
  const cluster = config.getCurrentCluster()
  if (cluster === null) return `the context ${name} of ${file} names a cluster that the file does not have: ${context.cluster}`
  if (config.getCurrentUser() === null) return `the context ${name} of ${file} names a user that the file does not have: ${context.user}`
  if (!URL.canParse(cluster.server)) return `the server of ${context.cluster} in ${file} is not a URL`
  if (cluster.server.startsWith('http:') && cluster.skipTLSVerify !== true) {
    return `the server of ${context.cluster} in ${file} is plain http; set insecure-skip-tls-verify on it to allow that`
  }
  const unreadable = unreadableFileOf(config)
  return unreadable === null ? null : `the context ${name} of ${file} cannot be used: ${unreadable}`
}

/**
 * Finds a file of the configuration that cannot be read. Files are read at the first call, and every call would fail. Returns a sentence
 * about it.
 */
function unreadableFileOf(config: KubeConfig): string | null {
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()]
  const files: readonly (readonly [what: string, file: string | undefined])[] = [
    ['certificate-authority', cluster?.caFile],
    ['client-certificate', user?.certFile],
    ['client-key', user?.keyFile],
  ]
  for (const [what, file] of files) {
    if (file === undefined || file === '') continue
    try {
      readFileSync(file)
    } catch (error) {
      return `its ${what} ${file} cannot be read: ${firstLineOf(error)}`
    }
  }
  return null
}

/**
 * Adds a provider for `tokenFile`, a field that client-node does not know. A token in a file is rotated there, and client-node reads this
 * provider again.
 */
function readTokenFileAnew(config: KubeConfig, file: string, written: Readonly<Record<string, unknown>> | undefined): void {
  const tokenFile = written?.['tokenFile']
  const user = config.getCurrentUser()
  if (typeof tokenFile !== 'string' || user === null || user.token !== undefined) return
  const path = isAbsolute(tokenFile) ? tokenFile : join(dirname(file), tokenFile)
  config.users = config.users.map((each) =>
    each.name === user.name ? { ...each, authProvider: { name: 'tokenFile', config: { tokenFile: path } } } : each,
  )
}

function namespaceOf(config: KubeConfig): string | null {
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace?.trim() ?? ''
  return namespace === '' ? null : namespace
}

function isReadable(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false // missing, or not readable for us
  }
}

function firstLineOf(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] ?? ''
}
