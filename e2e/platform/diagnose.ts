import type { Run } from './command.ts'

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly status: {
    readonly phase?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[]
    readonly containerStatuses?: readonly {
      readonly name: string
      readonly ready: boolean
      readonly restartCount: number
      readonly state: Readonly<Record<string, { readonly reason?: string; readonly message?: string }>>
    }[]
  }
}

/** Returns what is wrong in these namespaces, as far as the cluster knows: channels, pods that are not ready with their logs, warnings. */
export async function diagnose(run: Run, namespaces: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(namespaces.map((namespace) => diagnoseNamespace(run, namespace)))
  return found.flat()
}

async function diagnoseNamespace(run: Run, namespace: string): Promise<readonly string[]> {
  const pods = await podsOf(run, namespace)
  const troubled = pods.filter((pod) => !isReady(pod))
  const logs = await Promise.all(troubled.slice(0, 3).map((pod) => logsOf(run, pod)))
  return [...(await channelsOf(run, namespace)), ...troubled.map(describePod), ...logs.flat(), ...(await warningsOf(run, namespace))]
}

async function podsOf(run: Run, namespace: string): Promise<readonly Pod[]> {
  const { code, stdout } = await run('kubectl', ['get', 'pods', '--namespace', namespace, '--output', 'json'])
  if (code !== 0) return []
  // kubectl wrote a list of pods.
  return (JSON.parse(stdout) as { readonly items: readonly Pod[] }).items
}

const isReady = ({ status }: Pod): boolean =>
  status.phase === 'Succeeded' || (status.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True')

/** Returns one line: the reason why a pod is not ready. */
export function describePod({ metadata, status }: Pod): string {
  const containers = (status.containerStatuses ?? [])
    .filter(({ ready }) => !ready)
    .map(({ name, restartCount, state }) => {
      const [kind = 'unknown', { reason = '', message = '' } = {}] = Object.entries(state)[0] ?? []
      return [`${name} is ${kind}`, reason, message, restartCount > 0 ? `started ${restartCount + 1} times` : '']
        .filter((part) => part !== '')
        .join(', ')
    })
  const conditions = (status.conditions ?? []).flatMap(({ type, status: value, message }) =>
    value !== 'True' && message !== undefined ? [`${type}: ${message}`] : [],
  )
  const why = containers.length > 0 ? containers : conditions
  return `pod ${metadata.namespace}/${metadata.name} (${status.phase ?? 'unknown'}): ${why.join('; ') || 'not ready'}`
}

async function logsOf(run: Run, { metadata: { name, namespace } }: Pod): Promise<readonly string[]> {
  const words = ['logs', name, '--namespace', namespace, '--all-containers', '--tail', '20']
  const now = await run('kubectl', words)
  const text = now.code === 0 && now.stdout.trim() !== '' ? now.stdout : (await run('kubectl', [...words, '--previous'])).stdout
  const lines = text.trim() === '' ? [] : text.trimEnd().split('\n')
  return lines.map((line) => `  log of ${name}: ${line}`)
}

async function channelsOf(run: Run, namespace: string): Promise<readonly string[]> {
  const template = `{range .items[*]}{.metadata.name}{range .status.conditions[*]}{"\\n  "}${conditionWords}{end}{"\\n"}{end}`
  const { code, stdout } = await run('kubectl', ['get', 'realtimechannels', '--namespace', namespace, '--output', `jsonpath=${template}`])
  // Without the definition there are no channels.
  if (code !== 0 || stdout.trim() === '') return []
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => (line.startsWith(' ') ? line : `channel ${namespace}/${line}`))
}

/** One condition, in kubectl's JSONPath. */
const conditionWords = '{.type}={.status} {.reason}: {.message}'

/** Returns the conditions of an object without a namespace, such as `apiservice/v1beta1.metrics.k8s.io`. */
export async function conditionsOf(run: Run, what: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await run('kubectl', [
    'get',
    what,
    '--output',
    `jsonpath={range .status.conditions[*]}${conditionWords}{"\\n"}{end}`,
  ])
  if (code !== 0) return [`${what}: ${stderr.trim()}`]
  return stdout.trim() === ''
    ? [`${what} has no conditions`]
    : stdout
        .trimEnd()
        .split('\n')
        .map((line) => `${what}: ${line}`)
}

async function warningsOf(run: Run, namespace: string): Promise<readonly string[]> {
  const columns = 'custom-columns=KIND:.involvedObject.kind,NAME:.involvedObject.name,REASON:.reason,MESSAGE:.message'
  const { code, stdout } = await run('kubectl', [
    'get',
    'events',
    '--namespace',
    namespace,
    '--field-selector',
    'type=Warning',
    '--sort-by=.lastTimestamp',
    '--no-headers',
    '--output',
    columns,
  ])
  if (code !== 0 || stdout.trim() === '') return []
  return stdout
    .trimEnd()
    .split('\n')
    .slice(-8)
    .map((line) => `event: ${line.replaceAll(/\s{2,}/g, '  ').trim()}`)
}
