import type { JsonSchema } from './json-schema.ts'

/** What the operator remembers of a topic. */
const topicRecord = (description: string) =>
  ({
    type: 'object',
    description,
    required: ['name', 'origin'],
    properties: {
      name: { type: 'string', description: 'Its name.', maxLength: 249 },
      id: { type: 'string', description: "Its id in Kafka. That of the channel's topic is the epoch of cursors.", maxLength: 64 },
      clusterId: { type: 'string', description: 'The id of the Kafka cluster.', maxLength: 128 },
      partitions: { type: 'integer', description: 'Its partitions.' },
      replicas: { type: 'integer', description: 'Its replication factor.' },
      origin: {
        type: 'string',
        description: 'Created by the operator for this channel, or Adopted: it was there before.',
        enum: ['Created', 'Adopted'],
      },
      configKeys: {
        type: 'array',
        description: 'The settings that the operator made, so that it can unset those that are taken out of the channel.',
        maxItems: 128,
        'x-kubernetes-list-type': 'set',
        items: { type: 'string', description: 'Name of a setting.', maxLength: 256 },
      },
    },
  }) as const satisfies JsonSchema

export const status = {
  type: 'object',
  description: 'What the operator found and did. Written by the operator alone.',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64', description: 'The generation of the channel that this status is about.' },
    url: { type: 'string', description: 'Where browsers connect. Empty without a route.', maxLength: 1024 },
    apiUrl: { type: 'string', description: 'Where services emit: by the route, else inside of the cluster.', maxLength: 1024 },
    className: { type: 'string', description: 'The RealtimeChannelClass that the channel has. Empty: there is none.', maxLength: 253 },
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
    replicas: { type: 'integer', format: 'int32', description: 'Pods that there are.' },
    readyReplicas: { type: 'integer', format: 'int32', description: 'Pods that are ready.' },
    selector: { type: 'string', description: 'Label selector of the pods, for the scale subresource.', maxLength: 1024 },
    topic: topicRecord('The topic as it was found.'),
    deadLetters: topicRecord('The dead letter topic as it was found.'),
    route: {
      type: 'object',
      description:
        'The host and paths that the channel has. While they are here, no other channel gets them, or a path below or above them.',
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
        'Ready, TopicReady, GatewayAvailable, RouteReady; Reconciling or Stalled while it is not in its final state. docs/reference/conditions.md lists the reasons.',
      maxItems: 16,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        description: 'A condition.',
        required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
        properties: {
          type: { type: 'string', description: 'What the condition is about.', maxLength: 316 },
          status: { type: 'string', description: 'True, False or Unknown.', enum: ['True', 'False', 'Unknown'] },
          reason: {
            type: 'string',
            description: 'Why, as one word.',
            minLength: 1,
            maxLength: 1024,
            pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
          },
          message: { type: 'string', description: 'Why, for people: what is, and what to do.', maxLength: 32_768 },
          observedGeneration: { type: 'integer', format: 'int64', description: 'The generation that the condition is about.', minimum: 0 },
          lastTransitionTime: { type: 'string', format: 'date-time', description: 'When the status of the condition changed last.' },
        },
      },
    },
  },
} as const satisfies JsonSchema
