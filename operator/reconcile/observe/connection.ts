import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { sameBrokers, type KafkaConnection } from '../topic/topic-admin.ts'
import type { ConnectionProblem } from '../world.ts'

export interface ConnectionParts {
  readonly api: Pick<KubernetesApi, 'get'>
  /**
   * Returns the operator's own connection to the Kafka of its options, with its own credentials. They are read again at each call. Null: it
   * has none.
   */
  readonly ownConnection: () => KafkaConnection | null
}

const secretType: ResourceType = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', isNamespaced: true }

/**
 * Finds the connection to the Kafka of a channel.
 *
 * The operator uses its own credentials only for the cluster of its options. Otherwise a user who may write a channel could name a server
 * of their own and receive a password that opens everything. For another cluster the operator uses the Secrets that the channel names. They
 * are in the channel's own namespace, where a Role lets the operator read them.
 * @param namedBy the source of the broker addresses. Brokers that a channel names are kept apart and limited, so that they cost the
 * operator little
 */
export async function findConnection(
  channel: RealtimeChannel,
  { api, ownConnection }: ConnectionParts,
  namedBy: 'channel' | 'class',
): Promise<Result<KafkaConnection, ConnectionProblem>> {
  const own = ownConnection()
  const { bootstrapServers, tls, sasl } = channel.spec.kafka
  if (own !== null && (bootstrapServers === undefined || sameBrokers(bootstrapServers, own.brokers))) return ok(own)
  if (bootstrapServers === undefined) return failed({ kind: 'no-brokers' })
  const read = createReader(api, channel.metadata.namespace ?? '')
  try {
    return ok({
      brokers: bootstrapServers,
      tls: await readTls(tls, read),
      sasl: await readSasl(sasl, read),
      ...(namedBy === 'channel' ? { isOfChannel: true } : {}),
    })
  } catch (error) {
    if (error instanceof Unreadable) return failed(error.problem)
    throw error
  }
}

/** Carries a problem out of the nested reads below. Never leaves this file. */
class Unreadable extends Error {
  readonly problem: ConnectionProblem

  constructor(problem: ConnectionProblem) {
    super(problem.kind)
    this.problem = problem
  }
}

type Reader = (secret: string, key: string) => Promise<string>

/** Returns a reader that reads each Secret once. */
function createReader(api: ConnectionParts['api'], namespace: string): Reader {
  const secrets = new Map<string, Promise<Result<KubernetesObject, ApiError>>>()
  return async (secret, key) => {
    const pending = secrets.get(secret) ?? api.get(secretType, { namespace, name: secret })
    secrets.set(secret, pending)
    const found = await pending
    if (!found.ok) throw new Unreadable(problemOf(secret, found.error))
    // The values of a Secret are in base64: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/
    const data = found.value['data'] as Readonly<Record<string, string>> | undefined
    const text = data?.[key]
    if (text === undefined) throw new Unreadable({ kind: 'secret-key-missing', secret, key })
    // Brokers reject an empty name or password with an error that does not point to a Secret.
    const value = Buffer.from(text, 'base64').toString('utf8')
    if (withoutLineBreak(value) === '') throw new Unreadable({ kind: 'secret-key-empty', secret, key })
    return value
  }
}

function problemOf(secret: string, error: ApiError): ConnectionProblem {
  if (error.kind === 'not-found') return { kind: 'secret-not-found', secret }
  if (error.kind === 'forbidden') return { kind: 'secret-forbidden', secret }
  return { kind: 'unavailable', error }
}

type KafkaSpec = RealtimeChannel['spec']['kafka']

async function readTls(tls: KafkaSpec['tls'], read: Reader): Promise<KafkaConnection['tls']> {
  if (tls === undefined) return null
  const client = tls.clientSecretRef
  return {
    ca: tls.caSecretRef === undefined ? null : await read(tls.caSecretRef.name, tls.caSecretRef.key),
    certificate: client === undefined ? null : await read(client.name, 'tls.crt'),
    key: client === undefined ? null : await read(client.name, 'tls.key'),
  }
}

async function readSasl(sasl: KafkaSpec['sasl'], read: Reader): Promise<KafkaConnection['sasl']> {
  if (sasl === undefined) return null
  const { name, usernameKey, passwordKey } = sasl.secretRef
  const trimmed = async (key: string): Promise<string> => withoutLineBreak(await read(name, key))
  return { mechanism: sasl.mechanism, username: await trimmed(usernameKey), password: await trimmed(passwordKey) }
}

/** Removes the line break that `echo` and editors leave behind. */
function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, '')
}
