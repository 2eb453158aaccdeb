import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { portOf, proxyOf } from './proxy-of.ts'
import { variablesOfTracing } from './tracing-of-pod.ts'

type Rule = Readonly<Record<string, unknown>>
type Destination = NonNullable<NonNullable<StoredSpec['network']['egress']>['kafka']>

/** Ports of name servers. Those of OpenShift listen on 5353 behind their Service, and a NetworkPolicy sees the port of the pod. */
const dnsPorts = [53, 5353] as const

/**
 * Returns the egress rules of the pods' NetworkPolicy; null when the channel asks for no limits. Ports follow from the addresses in the pods' options. Peers do
 * not: a NetworkPolicy knows no names, so any address is allowed unless the channel limits it.
 * @param brokers as host:port
 */
export function egressOf(spec: StoredSpec, brokers: readonly string[]): readonly Rule[] | null {
  const { network, auth } = spec
  const { egress, proxy } = network
  if (egress === undefined) return null
  const { uri } = auth.jwks
  return [
    ...ruleOf(egress.dns, dnsPorts, ['UDP', 'TCP']),
    ...ruleOf(
      egress.kafka,
      [...new Set(brokers.map((broker) => Number(/\d+$/.exec(broker)?.[0])))].toSorted((a, b) => a - b),
    ),
    ...(uri === undefined ? [] : ruleOf(egress.keys, known(portOf(proxyOf(uri, proxy) ?? uri)))),
    ...ruleOf(egress.traces, known(portOf(collectorOf(spec)))),
    ...(egress.others ?? []),
  ]
}

const known = (port: number | null): readonly number[] => (port === null ? [] : [port])

/** Returns the address of the collector. The more specific variable wins: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp */
function collectorOf(spec: StoredSpec): string {
  const variables = variablesOfTracing(spec)
  return variables.get('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? variables.get('OTEL_EXPORTER_OTLP_ENDPOINT') ?? ''
}

/** Returns the rule for a purpose. Kubernetes applies a rule without peers, or with an empty list, to every address, and one without ports to every port. */
function ruleOf(
  destination: Destination | undefined,
  defaultPorts: readonly number[],
  protocols: readonly ('TCP' | 'UDP')[] = ['TCP'],
): readonly Rule[] {
  const { to, ports = defaultPorts } = destination ?? {}
  if (ports.length === 0 || to?.length === 0) return []
  return [{ ports: ports.flatMap((port) => protocols.map((protocol) => ({ port, protocol }))), ...(to === undefined ? {} : { to }) }]
}
