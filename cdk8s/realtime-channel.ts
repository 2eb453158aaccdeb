import { ApiObject, type ApiObjectMetadata } from 'cdk8s'
import type { Construct } from 'constructs'
import { channelPaths, routeUrls, topicNameOf } from '../api/v1alpha1/channel-names.ts'
import {
  apiVersion,
  channelKind,
  specSchema,
  withDefaults,
  type RealtimeChannelSpec,
  type StoredSpec,
} from '../api/v1alpha1/realtime-channel.ts'
import { checkBySchema } from '../api/read-schema.ts'
import { checkChannelName, operandNames } from '../api/child-names.ts'
import { ports } from '../api/ports.ts'

/** Fields of `spec`, as in a manifest, and the metadata. docs/reference/realtimechannel.md describes each. */
export type RealtimeChannelProps = RealtimeChannelSpec & {
  /** Name, namespace, labels, annotations. Without a name, cdk8s makes one from the construct's path. */
  readonly metadata?: ApiObjectMetadata
}

/**
 * A channel: a Kafka topic whose CloudEvents go to the right browsers. The operator creates all other objects.
 *
 * The constructor already throws what the API server would refuse, all of it at once. Faults that only the cluster can know, such as a missing Secret or
 * a topic of another owner, are shown in the channel's conditions.
 */
export class RealtimeChannel extends ApiObject {
  readonly #spec: StoredSpec

  /** @throws Error that names every wrong field, what was expected, and why */
  constructor(scope: Construct, id: string, { metadata, ...spec }: RealtimeChannelProps) {
    super(scope, id, { apiVersion, kind: channelKind, ...(metadata === undefined ? {} : { metadata }), spec })
    const name = checkChannelName(this.name)
    const problems = [
      ...(name.ok ? [] : [`metadata.name: ${name.error}`]),
      ...checkBySchema(specSchema, spec, 'spec').map(({ path, message }) => `${path}: ${message}`),
    ]
    if (problems.length > 0)
      throw new Error(`RealtimeChannel ${this.node.path} would be refused:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    this.#spec = withDefaults(spec)
  }

  /**
   * Name of the channel's topic.
   * @throws Error when the name follows from the namespace and neither the metadata nor the chart has one
   */
  get topicName(): string {
    const namespace = this.#spec.topic.name === undefined ? this.#namespace('topicName') : ''
    return topicNameOf({ metadata: { name: this.name, namespace }, spec: this.#spec })
  }

  /** Name of the gateways' Service, in the namespace of the channel. */
  get serviceName(): string {
    return operandNames(this.name).Service
  }

  /**
   * URL at which services of the cluster emit events by POST (docs/emit-api.md).
   * @throws Error when neither the metadata nor the chart has a namespace
   */
  get emitUrl(): string {
    const { api } = channelPaths({ metadata: { name: this.name }, spec: this.#spec })
    return `http://${this.serviceName}.${this.#namespace('emitUrl')}.svc:${ports.public}${api}/v1/emit-message`
  }

  /** URL at which browsers connect by the route; null when there is no route. */
  get socketUrl(): string | null {
    return routeUrls({ metadata: { name: this.name }, spec: this.#spec })?.socket ?? null
  }

  #namespace(wanted: string): string {
    const { namespace } = this.metadata
    if (namespace === undefined)
      throw new Error(
        `${wanted} of RealtimeChannel ${this.node.path} needs its namespace: set metadata.namespace, or namespace of the chart`,
      )
    return namespace
  }
}
