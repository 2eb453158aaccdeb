import { dlqTopicOf } from '../../../gateway/config/dead-letter-topic.ts'
import { options, type OptionName, type Options } from '../../../gateway/config/options.ts'
import type { MountedFile } from '../../../cdk8s/operands/operand-input.ts'
import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import type { SetByPod } from '../../../api/v1alpha1/option-fields.ts'
import { optionsOfFields, type WorkedOut } from '../../../api/v1alpha1/option-values.ts'
import { proxyOf } from './proxy-of.ts'
import { ports } from '../../../api/ports.ts'
import type { KafkaOfPods } from '../kafka-of-pods.ts'
import type { SideUse } from '../topic/topic-uses.ts'
import { stopTimeoutMs } from './stopping.ts'

/** Directories for the files of Secrets and ConfigMaps. Each has its own, so that the kubelet can replace it as a whole. */
const directories = {
  kafkaCa: '/etc/carillon/kafka-ca',
  kafkaClient: '/etc/carillon/kafka-client',
  kafkaSasl: '/etc/carillon/kafka-sasl',
  keys: '/etc/carillon/jwt-keys',
  jwksCa: '/etc/carillon/jwks-ca',
  tickets: '/etc/carillon/tickets',
} as const

/** Facts besides the `spec` that decide options. */
export interface OptionSource {
  readonly channelName: string
  readonly kafka: KafkaOfPods
  readonly topicName: string
  /** Empty: the brokers report no ids of topics. */
  readonly topicEpoch: string
  /** Topics besides the channel's own; null: gateways have none for this use. */
  readonly sideTopics: Readonly<Record<SideUse, string | null>>
  readonly paths: { readonly socket: string; readonly api: string }
}

/** Returns every option that a channel, or the way a pod is built, decides. Values are not checked here. */
export function optionsOfSpec(spec: StoredSpec, source: OptionSource): Partial<Options> {
  const decided: Given<OptionName> = {
    ...optionsOfFields(spec),
    ...workedOut(spec, source),
    ...ofPod(spec, source),
    // `auto` means json here, too; the value is for people who read the Deployment. `spec.gateway.env` may set another.
    logFormat: 'json',
  }
  return Object.fromEntries(Object.entries(decided).filter(([, value]) => value !== undefined))
}

type Given<Name extends OptionName> = { readonly [N in Name]?: Options[N] | undefined }

/** Type that names each option. An option that is missing, or one too many, does not compile. */
type Each<Name extends OptionName> = { readonly [N in Name]: Options[N] | undefined }

function workedOut(
  { auth, network, upstream: asked }: StoredSpec,
  { channelName, paths, kafka, topicName, sideTopics: { deadLetters, upstream, control } }: OptionSource,
): Each<WorkedOut> {
  const isUsual = deadLetters === null || deadLetters === dlqTopicOf({ kafkaTopic: topicName, kafkaDlqTopic: '' })
  return {
    channel: channelName,
    // The same prefixes as in the route: no two proxies rewrite paths in the same way.
    socketPathPrefix: paths.socket,
    apiPathPrefix: paths.api,
    kafkaBrokers: kafka.brokers,
    kafkaTopic: topicName,
    kafkaDlq: deadLetters !== null,
    // Empty: the gateway's own name for it.
    kafkaDlqTopic: isUsual ? '' : deadLetters,
    upstream: upstream === null ? 'off' : 'on',
    kafkaUpstreamTopic: upstream ?? '',
    upstreamAccept: upstream === null ? '' : JSON.stringify(asked?.accept ?? []),
    // Empty: no revocations.
    kafkaControlTopic: control ?? '',
    jwksProxy: proxyOf(auth.jwks.uri ?? '', network.proxy) ?? undefined,
  }
}

function ofPod({ auth: { jwks, resumeTickets } }: StoredSpec, { kafka: { tls, sasl }, topicEpoch }: OptionSource): Each<SetByPod> {
  const hasAuthorities = jwks.caSecretRef !== undefined || jwks.caConfigMapRef !== undefined
  return {
    nodeEnv: 'production',
    host: undefined,
    port: ports.public,
    internalHost: undefined,
    internalPort: ports.internal,
    kafkaTopicPartitions: undefined,
    // The operator creates topics. A pod that did would create one with the brokers' defaults, at the worst moment.
    kafkaCreateTopic: 'off',
    kafkaTopicEpoch: topicEpoch,
    // A client id of its own for each channel would be another group, whose progress would start again.
    kafkaClientId: options.kafkaClientId.default,
    kafkaTls: tls !== null,
    kafkaTlsCaFile: tls?.ca ? `${directories.kafkaCa}/ca.crt` : undefined,
    kafkaTlsCertFile: tls?.clientSecret ? `${directories.kafkaClient}/tls.crt` : undefined,
    kafkaTlsKeyFile: tls?.clientSecret ? `${directories.kafkaClient}/tls.key` : undefined,
    kafkaSaslMechanism: sasl?.mechanism,
    // Credentials come in files, which follow the rotation of their Secret.
    kafkaSaslUsername: undefined,
    kafkaSaslUsernameFile: sasl === null ? undefined : `${directories.kafkaSasl}/username`,
    kafkaSaslPassword: undefined,
    kafkaSaslPasswordFile: sasl === null ? undefined : `${directories.kafkaSasl}/password`,
    kafkaSaslTokenFile: undefined,
    jwksCaFile: hasAuthorities ? `${directories.jwksCa}/ca.crt` : undefined,
    jwtKeysFile: jwks.uri === undefined ? `${directories.keys}/keys` : undefined,
    ticketKeysFile: resumeTickets === undefined ? undefined : `${directories.tickets}/keys`,
    // The kubelet waits before it sends SIGTERM (`stopping.ts`), so the gateway need not wait as well.
    drainDelayMs: 0,
    stopTimeoutMs,
  }
}

/** Returns the files that the options name, and their Secrets and ConfigMaps. */
export function filesOfSpec({ auth }: StoredSpec, { tls, sasl }: KafkaOfPods): readonly MountedFile[] {
  const secret = (path: string, name: string, key: string): MountedFile => ({ path, from: { kind: 'Secret', name, key } })
  const configMap = (path: string, name: string, key: string): MountedFile => ({ path, from: { kind: 'ConfigMap', name, key } })
  const { secretRef, configMapRef, caSecretRef, caConfigMapRef } = auth.jwks
  const tickets = auth.resumeTickets?.secretRef
  return [
    ...(tls?.ca ? [secret(`${directories.kafkaCa}/ca.crt`, tls.ca.secret, tls.ca.key)] : []),
    ...(tls?.clientSecret
      ? ['tls.crt', 'tls.key'].map((key) => secret(`${directories.kafkaClient}/${key}`, tls.clientSecret ?? '', key))
      : []),
    ...(sasl === null
      ? []
      : [
          secret(`${directories.kafkaSasl}/username`, sasl.secret, sasl.usernameKey),
          secret(`${directories.kafkaSasl}/password`, sasl.secret, sasl.passwordKey),
        ]),
    ...(secretRef === undefined ? [] : [secret(`${directories.keys}/keys`, secretRef.name, secretRef.key)]),
    ...(configMapRef === undefined ? [] : [configMap(`${directories.keys}/keys`, configMapRef.name, configMapRef.key)]),
    ...(caSecretRef === undefined ? [] : [secret(`${directories.jwksCa}/ca.crt`, caSecretRef.name, caSecretRef.key)]),
    ...(caConfigMapRef === undefined ? [] : [configMap(`${directories.jwksCa}/ca.crt`, caConfigMapRef.name, caConfigMapRef.key)]),
    ...(tickets === undefined ? [] : [secret(`${directories.tickets}/keys`, tickets.name, tickets.key)]),
  ]
}
