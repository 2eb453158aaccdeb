import type { StoredSpec } from '../../operator/api/v1alpha1/realtime-channel.ts'
import { defaultReplicas } from '../../operator/api/v1alpha1/schema/gateway.ts'
import { parseQuantity } from '../operands/quantity.ts'

/** Whether a rule holds. null: it compares with what the channel was before, which nobody knows here. */
type Rule = ((spec: StoredSpec) => boolean) | null

const exactlyOne = (...values: readonly unknown[]): boolean => values.filter((value) => value !== undefined).length === 1

/**
 * The rules of the schema that are written in CEL, once more in TypeScript: by the path of the field that has them, in the order in which it has
 * them. The messages are the schema's. `realtime-channel.kubernetes.test.ts` has a real API server judge the same channels.
 */
export const rules: Readonly<Record<string, readonly Rule[]>> = {
  spec: [({ topic, replay }) => topic.retention === undefined || milliseconds(topic.retention) >= milliseconds(replay.window)],
  'spec.topic': [null, null, ({ topic }) => topic.retention === undefined || topic.config?.['retention.ms'] === undefined],
  'spec.topic.name': [({ topic }) => topic.name !== '.' && topic.name !== '..'],
  'spec.topic.partitions': [null],
  'spec.topic.retention': [({ topic }) => milliseconds(topic.retention ?? '1m') >= minute],
  'spec.gateway': [({ gateway }) => gateway.autoscaling === undefined || gateway.replicas === defaultReplicas],
  'spec.gateway.autoscaling': [({ gateway: { autoscaling } }) => autoscaling === undefined || autoscaling.minReplicas <= autoscaling.maxReplicas],
  'spec.auth': [({ auth }) => (auth.allowedOrigins !== undefined) !== auth.dangerouslyAllowAnyOrigin],
  'spec.auth.jwks': [
    ({ auth: { jwks } }) => exactlyOne(jwks.uri, jwks.secretRef, jwks.configMapRef),
    ({ auth: { jwks } }) => jwks.caSecretRef === undefined || jwks.caConfigMapRef === undefined,
    ({ auth: { jwks } }) => jwks.uri !== undefined || (jwks.caSecretRef === undefined && jwks.caConfigMapRef === undefined),
  ],
  'spec.emit': [({ emit }) => emit.burst >= emit.ratePerSecond],
  'spec.replay.window': [({ replay }) => milliseconds(replay.window) >= 1_000 && milliseconds(replay.window) <= 24 * 60 * minute],
  'spec.replay.maxBytes': [({ replay }) => isBetween(replay.maxBytes, '64Ki', '8Gi')],
  'spec.limits': [({ limits }) => limits.connectionsBurst >= limits.connectionsPerSecond],
  'spec.route': [
    ({ route }) => route.type === 'None' || route.host !== undefined,
    ({ route }) => route.type !== 'HTTPRoute' || route.parentRefs !== undefined,
    ({ route }) => route.type !== 'HTTPRoute' || route.className === undefined,
    ({ route }) => route.type !== 'Ingress' || route.parentRefs === undefined,
    ({ route }) => route.type !== 'HTTPRoute' || route.tls?.secretName === undefined,
  ],
  'spec.route.paths': [({ route: { paths } }) => paths.socket === undefined || paths.api === undefined || paths.socket !== paths.api],
}

const minute = 60_000

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: minute, h: 60 * minute }

/** Of a text as `1h30m`, whose form was judged before. */
function milliseconds(duration: string): number {
  return [...duration.matchAll(/(\d+)(ms|s|m|h)/g)].reduce((sum, [, count = '0', unit = '']) => sum + Number(count) * (unitsMs[unit] ?? 0), 0)
}

function isBetween(quantity: string | number, least: string, most: string): boolean {
  const [given, low, high] = [quantity, least, most].map((text) => parseQuantity(text)?.nano ?? 0n)
  return given !== undefined && low !== undefined && high !== undefined && given >= low && given <= high
}
