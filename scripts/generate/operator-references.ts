import { renderClassReference } from '../../api/v1alpha1/render-class-reference.ts'
import { renderChannelReference } from '../../api/v1alpha1/render-reference.ts'
import { boundOperatorOptions } from '../../operator/config/bind-options.ts'
import { operatorMetrics } from '../../operator/observability/metrics.ts'
import { metricRows } from '../../program/metrics/reference.ts'
import { permissions, type Permission, releasePermissions } from '../../operator/permissions.ts'
import { conditionReasons } from '../../operator/reconcile/condition-reasons.ts'
import { code, type ReferencePage, table } from './reference-page.ts'

/** Every generated page about the operator. */
export const operatorPages: readonly ReferencePage[] = [
  { name: 'realtimechannel.md', source: 'api/v1alpha1/realtime-channel.ts', render: renderChannelReference },
  { name: 'realtimechannelclass.md', source: 'api/v1alpha1/realtime-channel-class.ts', render: renderClassReference },
  { name: 'conditions.md', source: 'operator/reconcile/condition-reasons.ts', render: renderConditions },
  { name: 'operator-metrics.md', source: 'operator/observability/metrics.ts', render: renderOperatorMetrics },
  { name: 'permissions.md', source: 'operator/permissions.ts', render: renderPermissions },
  { name: 'operator-configuration.md', source: 'operator/config/options.ts', render: boundOperatorOptions.renderReference },
]

function renderConditions(): string {
  const rows = Object.entries(conditionReasons).map(([reason, { stalled, meaning }]) => [code(reason), stalled ? 'yes' : '', meaning])
  return `# Conditions

What the status of a RealtimeChannel says. \`kubectl wait --for=condition=Ready rtc/NAME\` waits for the first of these:

| condition | True when |
| --- | --- |
| \`Ready\` | All below are: browsers can connect, and all is as the channel asks. |
| \`TopicReady\` | The topic is there, as the channel asks. |
| \`GatewayAvailable\` | Gateways serve. |
| \`RouteReady\` | The route leads to them, or none is asked. |
| \`Reconciling\` | The channel is not in its final state yet, and gets there by itself. Absent otherwise. |
| \`Stalled\` | The channel cannot get to its final state until somebody does something. Absent otherwise. |

The last two are those of [kstatus](https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md), by which \`helm --wait\`, Flux and Argo CD
wait. Each condition and the status as a whole have \`observedGeneration\`: the generation of the spec that they are about.

## Reasons

One word, from this closed table; the message says what was asked, what is, and what to do. *Stalled*: nothing will change until somebody
does something.

${table(['reason', 'stalled', 'what it means'], rows)}
`
}

const scopes: readonly (readonly [Permission['scope'], string])[] = [
  ['channels', 'In the namespaces of channels'],
  ['cluster', 'In the cluster'],
  ['own-namespace', 'In its own namespace'],
]

function renderPermissions(): string {
  const sections = scopes.map(
    ([scope, title]) => `## ${title}\n\n${permissionTable(permissions.filter((permission) => permission.scope === scope))}`,
  )
  return `# Permissions

What the operator may do, and why. It asks for nothing else; [rbac.md](../rbac.md) says in which roles this stands, and how a namespace lets the operator
read a Secret.

${sections.join('\n\n')}

## After the operator

What the Job of the chart may do that runs \`--release-finalizers\` when the operator is uninstalled.

${permissionTable(releasePermissions)}
`
}

function permissionTable(rows: readonly Permission[]): string {
  const cells = rows.map(({ apiGroup, resources, resourceNames = [], verbs, by, why }) => [
    apiGroup === '' ? 'core' : code(apiGroup),
    [...resources.map(code), ...resourceNames.map((name) => `(only ${code(name)})`)].join(', '),
    verbs.join(', '),
    by,
    why,
  ])
  return table(['API group', 'resources', 'verbs', 'asked by', 'why'], cells)
}

function renderOperatorMetrics(): string {
  return `# Metrics of the operator

\`/metrics\` on the operator's internal port serves these in Prometheus' text format, beside the process metrics of Node.js. Names and meanings are those of controller-runtime
and client-go wherever they have the thing. Labels are closed sets, and their series exist from the start, at zero, but for those of keys in progress, which end with them.
Alerts are in the chart (\`metrics.prometheusRule\`).

${table(['metric', 'type', 'labels', 'what it says'], metricRows(operatorMetrics, givenWords))}
`
}

const givenWords = {
  controllers: 'the controllers',
  leases: 'the name of the Lease',
  resources: 'plurals that are watched',
  kinds: 'kinds that are applied',
  kafkaOperations: 'requests to Kafka',
} as const
