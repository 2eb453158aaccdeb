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

Conditions in the status of a RealtimeChannel. \`kubectl wait --for=condition=Ready rtc/NAME\` waits for the first of these:

| condition | True when |
| --- | --- |
| \`Ready\` | The next three are True: browsers can connect, and everything is as the spec asks. |
| \`TopicReady\` | The topic exists, as the spec asks. |
| \`GatewayAvailable\` | Gateways serve. |
| \`RouteReady\` | The route leads to them, or the spec has none. |
| \`RevocationReady\` | Tokens can be revoked, or the spec asks for no control topic. Not a part of \`Ready\`. |
| \`Reconciling\` | The channel is not in its final state yet, and will reach it by itself. Absent otherwise. |
| \`Stalled\` | The channel cannot reach its final state without a change by a person. Absent otherwise. |

The last two are those of [kstatus](https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md), by which \`helm --wait\`, Flux and Argo CD
wait. Each condition and the status as a whole have \`observedGeneration\`: the generation of the spec that they are about.

## Reasons

One word from this closed table. The message says what the spec asks, what exists, and what to do. *Stalled*: nothing changes without a
person.

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

Permissions of the operator, with their reasons. It needs no others. [rbac.md](../rbac.md) lists the roles that grant them, and how a namespace lets the operator
read a Secret.

${sections.join('\n\n')}

## After the operator

Permissions of the chart's Job that runs \`--release-finalizers\` when the operator is uninstalled.

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
and client-go wherever those have the metric. Labels are closed sets, and their series exist from the start, at zero. Only the series of keys in progress end with their key.
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
