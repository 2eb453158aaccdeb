import type { JsonSchema } from './json-schema.ts'

/** Record of a topic in the status. */
const topicRecord = (description: string) =>
  ({
    type: 'object',
    description,
    required: ['name', 'origin'],
    properties: {
      name: { type: 'string', description: 'Name of the topic.', maxLength: 249 },
      id: {
        type: 'string',
        description: "Id of the topic in Kafka. The id of the channel's topic is the epoch of cursors.",
        maxLength: 64,
      },
      clusterId: { type: 'string', description: 'Id of the Kafka cluster.', maxLength: 128 },
      partitions: { type: 'integer', description: 'Number of partitions.' },
      replicas: { type: 'integer', description: 'Replication factor.' },
      origin: {
        type: 'string',
        description: 'Created: the operator created the topic for this channel. Adopted: the topic existed before.',
        enum: ['Created', 'Adopted'],
      },
      configKeys: {
        type: 'array',
        description: 'Settings that the operator made. It unsets those that are removed from the channel.',
        maxItems: 128,
        'x-kubernetes-list-type': 'set',
        items: { type: 'string', description: 'Name of a setting.', maxLength: 256 },
      },
    },
  }) as const satisfies JsonSchema

export const status = {
  type: 'object',
  description: 'State that the operator found, and its results. Only the operator writes it.',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64', description: 'The generation of the channel that this status is about.' },
    url: { type: 'string', description: 'URL at which browsers connect. Empty without a route.', maxLength: 1024 },
    apiUrl: { type: 'string', description: 'URL at which services emit: by the route, else inside the cluster.', maxLength: 1024 },
    className: { type: 'string', description: 'The RealtimeChannelClass of the channel. Empty: the channel has none.', maxLength: 253 },
    host: {
      type: 'string',
      description: 'The host of the route: that of the channel, else of its class. Empty without a route.',
      maxLength: 253,
    },
    brokers: {
      type: 'array',
      description: "The brokers of the channel, else of its class, else of the operator's options.",
      maxItems: 32,
      items: { type: 'string', description: 'host:port of a broker.', maxLength: 261 },
    },
    replicas: { type: 'integer', format: 'int32', description: 'Number of pods.' },
    readyReplicas: { type: 'integer', format: 'int32', description: 'Number of ready pods.' },
    selector: { type: 'string', description: 'Label selector of the pods, for the scale subresource.', maxLength: 1024 },
    topic: topicRecord('The topic as it was found.'),
    deadLetters: topicRecord('The dead letter topic as it was found.'),
    upstream: topicRecord('The upstream topic as it was found.'),
    control: topicRecord('The control topic as it was found.'),
    route: {
      type: 'object',
      description: 'Host and paths of the channel. While they are here, no other channel gets them, or a path below or above them.',
      required: ['host', 'socket', 'api'],
      properties: {
        host: { type: 'string', description: 'Host name.', maxLength: 253 },
        socket: { type: 'string', description: 'Prefix of the path of the WebSocket.', maxLength: 512 },
        api: { type: 'string', description: 'Prefix of the paths of the HTTP API.', maxLength: 512 },
      },
    },
    conditions: {
      type: 'array',
      description:
        'Ready, TopicReady, GatewayAvailable, RouteReady, RevocationReady; Reconciling or Stalled while the channel is not in its final state. docs/reference/conditions.md lists the reasons.',
      maxItems: 16,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        description: 'A condition.',
        required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
        properties: {
          type: { type: 'string', description: 'Type of the condition.', maxLength: 316 },
          status: { type: 'string', description: 'True, False or Unknown.', enum: ['True', 'False', 'Unknown'] },
          reason: {
            type: 'string',
            description: 'Reason of the status, as one word.',
            minLength: 1,
            maxLength: 1024,
            pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
          },
          message: { type: 'string', description: 'Explanation for people: the state, and what to do.', maxLength: 32_768 },
          observedGeneration: { type: 'integer', format: 'int64', description: 'The generation that the condition is about.', minimum: 0 },
          lastTransitionTime: {
            type: 'string',
            format: 'date-time',
            description: 'Time of the last change of the status of the condition.',
          },
        },
      },
    },
  },
} as const satisfies JsonSchema
