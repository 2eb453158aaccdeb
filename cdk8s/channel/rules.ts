import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { retiredVariables } from '../../api/v1alpha1/schema/gateway-options.ts'
import { defaultReplicas } from '../../api/v1alpha1/schema/gateway.ts'
import { parseQuantity } from '../../api/quantities.ts'
import { hasMetadataKeys } from './metadata-keys.ts'

/** Whether a rule holds. null: it compares with what the channel was before, which nobody knows here. */
type Rule = ((spec: RealtimeChannelSpec) => boolean) | null

const atMostOne = (...values: readonly unknown[]): boolean => values.filter((value) => value !== undefined).length <= 1

/**
 * The rules of the schema that are written in CEL, once more in TypeScript: by the path of the field that has them, in the order in which it has
 * them. The messages are the schema's. `realtime-channel.kubernetes.test.ts` has a real API server judge the same channels. A rule holds where something
 * that it compares is missing: the API server has the spec as it was written. The operator asks again of the spec that holds, with all defaults.
 */
export const rules: Readonly<Record<string, readonly Rule[]>> = {
  spec: [
    ({ topic, replay }) =>
      topic?.retention === undefined || replay?.window === undefined || milliseconds(topic.retention) >= milliseconds(replay.window),
  ],
  'spec.topic': [
    null,
    null,
    ({ topic }) => topic?.retention === undefined || topic.config?.['retention.ms'] === undefined,
    ({ topic }) => topic?.name === undefined || topic.deadLetters?.name !== topic.name,
  ],
  'spec.topic.name': [({ topic }) => topic?.name !== '.' && topic?.name !== '..', ({ topic }) => topic?.name?.startsWith('__') !== true],
  'spec.topic.deadLetters.name': [
    ({ topic }) => topic?.deadLetters?.name !== '.' && topic?.deadLetters?.name !== '..',
    ({ topic }) => topic?.deadLetters?.name?.startsWith('__') !== true,
  ],
  'spec.topic.deadLetters.retention': [({ topic }) => milliseconds(topic?.deadLetters?.retention ?? '1m') >= minute],
  'spec.topic.partitions': [null],
  'spec.topic.retention': [({ topic }) => milliseconds(topic?.retention ?? '1m') >= minute],
  'spec.gateway': [
    ({ gateway }) => gateway?.autoscaling === undefined || gateway.replicas === undefined || gateway.replicas === defaultReplicas,
  ],
  'spec.gateway.heartbeat': [
    ({ gateway }) =>
      isInOrder(1_000, milliseconds(gateway?.heartbeat ?? '1s')) && isInOrder(milliseconds(gateway?.heartbeat ?? '1s'), 10 * minute),
  ],
  'spec.gateway.env[].name': Object.keys(retiredVariables).map(
    (variable) =>
      ({ gateway }) =>
        (gateway?.env ?? []).every(({ name }) => name !== variable),
  ),
  'spec.gateway.autoscaling': [({ gateway }) => isInOrder(gateway?.autoscaling?.minReplicas, gateway?.autoscaling?.maxReplicas)],
  'spec.auth': [({ auth }) => auth?.allowedOrigins === undefined || auth.dangerouslyAllowAnyOrigin !== true],
  'spec.auth.jwks': [
    ({ auth }) => atMostOne(auth?.jwks?.uri, auth?.jwks?.secretRef, auth?.jwks?.configMapRef),
    ({ auth }) => atMostOne(auth?.jwks?.caSecretRef, auth?.jwks?.caConfigMapRef),
    ({ auth }) => atMostOne(auth?.jwks?.secretRef ?? auth?.jwks?.configMapRef, auth?.jwks?.caSecretRef ?? auth?.jwks?.caConfigMapRef),
  ],
  'spec.emit': [({ emit }) => isInOrder(emit?.ratePerSecond, emit?.burst)],
  'spec.replay.window': [
    ({ replay }) =>
      isInOrder(1_000, milliseconds(replay?.window ?? '1s')) && isInOrder(milliseconds(replay?.window ?? '1s'), 24 * 60 * minute),
  ],
  'spec.replay.maxBytes': [({ replay }) => isBetween(replay?.maxBytes ?? '64Ki', '64Ki', '8Gi')],
  'spec.limits': [({ limits }) => isInOrder(limits?.connectionsPerSecond, limits?.connectionsBurst)],
  'spec.route': [
    ({ route }) => route?.type !== 'HTTPRoute' || route.className === undefined,
    ({ route }) => route?.type !== 'Ingress' || route.parentRefs === undefined,
    ({ route }) => route?.type !== 'HTTPRoute' || route.tls?.secretName === undefined,
  ],
  'spec.gateway.resources': [
    ({ gateway }) =>
      Object.entries(gateway?.resources?.requests ?? {}).every(([name, quantity]) =>
        isAtMost(quantity, gateway?.resources?.limits?.[name]),
      ),
  ],
  'spec.gateway.nodeSelector': [({ gateway }) => hasMetadataKeys(gateway?.nodeSelector)],
  'spec.gateway.podLabels': [({ gateway }) => hasMetadataKeys(gateway?.podLabels)],
  'spec.gateway.podAnnotations': [({ gateway }) => hasMetadataKeys(gateway?.podAnnotations)],
  'spec.service.annotations': [({ service }) => hasMetadataKeys(service?.annotations)],
  'spec.route.annotations': [({ route }) => hasMetadataKeys(route?.annotations)],
  'spec.route.labels': [({ route }) => hasMetadataKeys(route?.labels)],
  'spec.route.paths': [
    ({ route }) => route?.paths?.socket === undefined || route.paths.api === undefined || route.paths.socket !== route.paths.api,
  ],
}

const minute = 60_000

const isInOrder = (low: number | undefined, high: number | undefined): boolean => low === undefined || high === undefined || low <= high

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: minute, h: 60 * minute }

/** Of a text as `1h30m`, whose form was judged before. */
function milliseconds(duration: string): number {
  return [...duration.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, count = '0', unit = '']) => sum + Number(count) * (unitsMs[unit] ?? 0),
    0,
  )
}

function isAtMost(quantity: string | number, limit: string | number | undefined): boolean {
  const [given, most] = [parseQuantity(quantity), limit === undefined ? null : parseQuantity(limit)]
  return given === null || most === null || given.nano <= most.nano
}

function isBetween(quantity: string | number, least: string, most: string): boolean {
  const [given, low, high] = [quantity, least, most].map((text) => parseQuantity(text)?.nano ?? 0n)
  return given !== undefined && low !== undefined && high !== undefined && given >= low && given <= high
}
