import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildImage, loadImages, referenceOf } from '../platform/images.ts'
import { nodesOf } from '../platform/kind-cluster.ts'
import { type Manifest, restrictedPod } from '../platform/manifests.ts'
import { namespaces } from '../platform/platform-steps.ts'
import type { Stage } from '../testing/stage.ts'
import { until } from '../../testing/until.ts'
import type { Collector } from './collector.ts'
import { type Pod, podTargets, type Service, serviceTargets, type TargetGroup } from './discovery.ts'
import { type Monitor, scrapeConfigOf } from './scrape-configs.ts'

const name = 'prometheus'
const repository = 'carillon-e2e/prometheus'

/** A Prometheus on the cluster, queried from a pod beside it. */
export interface Prometheus {
  /**
   *
   * @param path below /api/v1/ @returns `data` of the response @throws Error with the message of Prometheus
   */
  ask(path: string): Promise<unknown>
  /** Evaluates many expressions at once. @returns the number of series of each, or its error */
  evaluate(expressions: readonly string[]): Promise<readonly (number | string)[]>
}

/** Loads the image to one node, if it is missing. @returns its name, and the node */
export async function bringPrometheus({
  platform: { run, place, root },
}: Stage): Promise<{ readonly image: string; readonly node: string }> {
  const image = referenceOf(
    await buildImage(run, { root: join(root, 'e2e/observability/prometheus'), folder: place.folder, progress: () => {}, repository }),
  )
  const node = (await nodesOf(run, place.cluster)).find((each) => each.endsWith('-worker'))
  if (node === undefined) throw new Error('the cluster has no worker')
  await loadImages(run, place, { images: [image], nodes: [node] })
  return { image, node }
}

export interface PrometheusOptions {
  readonly namespace: string
  readonly image: string
  readonly node: string
  readonly monitors: readonly Monitor[]
  readonly found: Found
  /** Rules of the chart's file. */
  readonly rules: string
}

export interface Found {
  readonly pods: readonly TargetGroup[]
  readonly services: readonly TargetGroup[]
}

/** Pods and Services of the suite's namespace and the operator's, as they are now. */
export async function discover(stage: Stage): Promise<Found> {
  const list = async (kind: string): Promise<readonly unknown[]> => {
    const answers = await Promise.all(
      [stage.namespace, namespaces.operator].map((namespace) => stage.demand(['get', kind, '--namespace', namespace, '--output', 'json'])),
    )
    return answers.flatMap((answer) => (JSON.parse(answer) as { readonly items: readonly unknown[] }).items) // kubectl writes lists so
  }
  // The API server guarantees these shapes.
  const [pods, services] = (await Promise.all([list('pods'), list('services')])) as [readonly Pod[], readonly Service[]]
  return { pods: podTargets(pods), services: serviceTargets(services, pods) }
}

/**
 * Prometheus with the targets of the chart's monitors. It does not run where `metrics.namespaces` says, so a policy of its own lets it
 * reach the operator (policies add to each other).
 */
export function prometheusObjects({ namespace, image, node, monitors, rules, found }: PrometheusOptions): readonly Manifest[] {
  const config = {
    global: { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' },
    rule_files: ['/etc/prometheus/alerts.yaml'],
    scrape_configs: monitors.map((monitor) => scrapeConfigOf(monitor, monitor.kind === 'PodMonitor' ? found.pods : found.services)),
  }
  const policy: Manifest = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `${namespace}-prometheus`, namespace: namespaces.operator },
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'carillon-operator' } },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port: 9000, protocol: 'TCP' }], from: [peerOf(namespace)] }],
    },
  }
  return [
    policy,
    // Prometheus reads JSON as YAML.
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data: { 'prometheus.yaml': JSON.stringify(config), 'alerts.yaml': rules },
    },
    prometheusPod({ namespace, image, node }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: { 'app.kubernetes.io/name': 'e2e-prometheus' }, ports: [{ name: 'http', port: 9090 }] },
    },
  ]
}

/** Pods of a namespace, as a peer of a NetworkPolicy. */
export const peerOf = (namespace: string): { readonly namespaceSelector: object } => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
})

const prometheusPod = ({ namespace, image, node }: Pick<PrometheusOptions, 'namespace' | 'image' | 'node'>): Manifest =>
  restrictedPod(
    { name, namespace, labels: { 'app.kubernetes.io/name': 'e2e-prometheus' } },
    {
      nodeName: node,
      container: {
        image,
        args: [
          '--config.file=/etc/prometheus/prometheus.yaml',
          '--storage.tsdb.path=/data',
          '--storage.tsdb.retention.time=1h',
          '--web.listen-address=:9090',
        ],
        readinessProbe: { httpGet: { path: '/-/ready', port: 9090 }, periodSeconds: 1 },
        resources: { requests: { cpu: '20m', memory: '64Mi' } },
        volumeMounts: [
          { name: 'config', mountPath: '/etc/prometheus' },
          { name: 'data', mountPath: '/data' },
        ],
      },
      volumes: [
        { name: 'config', configMap: { name } },
        { name: 'data', emptyDir: { sizeLimit: '256Mi' } },
      ],
    },
  )

/** Removes what is outside the suite's own namespace. */
export async function forgetPrometheus(stage: Stage): Promise<void> {
  await stage.kubectl([
    'delete',
    'networkpolicy',
    `${stage.namespace}-prometheus`,
    '--namespace',
    namespaces.operator,
    '--ignore-not-found',
  ])
}

/**
 *
 * @param objects have been applied
 */
export async function openPrometheus(stage: Stage, collector: Collector): Promise<Prometheus> {
  await stage.reaches(`pod/${name}`, 'condition=Ready')
  const askAll = async (paths: readonly string[]): Promise<readonly Answer[]> => {
    const program = `
      const ask = (path) => fetch('http://${name}.${stage.namespace}.svc:9090/api/v1/' + path).then((answer) => answer.json())
      ;(async () => {
        const answers = []
        for (const path of ${JSON.stringify(paths)}) answers.push(await ask(path))
        process.stdout.write(JSON.stringify(answers))
      })()`
    return JSON.parse(await collector.run(program)) as readonly Answer[] // https://prometheus.io/docs/prometheus/latest/querying/api/
  }
  // A ready pod is not yet behind its Service on every node.
  await until(
    () =>
      askAll(['status/buildinfo']).then(
        () => true,
        () => false,
      ),
    { what: 'an answer of Prometheus', everyMs: 500 },
  )
  return {
    ask: async (path) => {
      const [answer] = await askAll([path])
      if (answer?.status !== 'success') throw new Error(`Prometheus did not answer ${path}: ${answer?.error ?? ''}`)
      return answer.data
    },
    evaluate: async (expressions) => {
      const answers = await askAll(expressions.map((expression) => `query?query=${encodeURIComponent(expression)}`))
      return answers.map((answer) =>
        answer.status === 'success' ? (answer.data as { readonly result: readonly unknown[] }).result.length : answer.error,
      ) // result of a query
    },
  }
}

type Answer = { readonly status: 'success'; readonly data: unknown } | { readonly status: 'error'; readonly error: string }

/** Rules of the chart. */
export const readAlerts = ({ platform: { root } }: Stage): Promise<string> =>
  readFile(join(root, 'charts/carillon/files/alerts.yaml'), 'utf8')
