import type { JsonSchema } from './json-schema.ts'
import { dataKey, durationPattern, objectName, topicNamePattern } from './parts.ts'
import { durationAtLeast } from './rules.ts'

export const kafka = {
  type: 'object',
  description: "The Kafka cluster. Without this section: the cluster and the access of the operator's options.",
  default: {},
  properties: {
    bootstrapServers: {
      type: 'array',
      description: "host:port of the bootstrap brokers. Default: those of the class, else those of the operator's options.",
      minItems: 1,
      maxItems: 32,
      'x-kubernetes-list-type': 'set',
      items: {
        type: 'string',
        description: 'host:port of a broker. An IPv6 address has brackets: [fd00::1]:9092.',
        minLength: 3,
        maxLength: 261,
        pattern: '^([^\\s:/@,\\[\\]]+|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$',
      },
    },
    tls: {
      type: 'object',
      description: 'Use TLS. An empty object: trust the certificate authorities that the image trusts.',
      properties: {
        caSecretRef: {
          type: 'object',
          description: 'A Secret of this namespace with the certificate authorities of the brokers (PEM).',
          required: ['name'],
          properties: {
            name: { ...objectName, description: 'Name of the Secret.' },
            key: { ...dataKey, description: 'Key in it.', default: 'ca.crt' },
          },
        },
        clientSecretRef: {
          type: 'object',
          description:
            'A Secret of this namespace (type kubernetes.io/tls) with the client certificate for mutual TLS: keys tls.crt and tls.key.',
          required: ['name'],
          properties: { name: { ...objectName, description: 'Name of the Secret.' } },
        },
      },
    },
    sasl: {
      type: 'object',
      description: 'Credentials with which the gateways, and the operator for this cluster, authenticate to the brokers.',
      required: ['mechanism', 'secretRef'],
      properties: {
        mechanism: { type: 'string', description: 'The SASL mechanism.', enum: ['plain', 'scram-sha-256', 'scram-sha-512'] },
        secretRef: {
          type: 'object',
          description:
            'A Secret of this namespace with user name and password. The pods mount it and follow its rotation. The operator reads it only if a Role allows that (docs/rbac.md).',
          required: ['name'],
          properties: {
            name: { ...objectName, description: 'Name of the Secret.' },
            usernameKey: { ...dataKey, description: 'Key of the user name.', default: 'username' },
            passwordKey: { ...dataKey, description: 'Key of the password.', default: 'password' },
          },
        },
      },
    },
  },
} as const satisfies JsonSchema

export const topicNameRules = [
  {
    rule: "self != '.' && self != '..'",
    message: 'a topic cannot be named . or ..',
    holds: (name: string) => name !== '.' && name !== '..',
  },
  {
    rule: "!self.startsWith('__')",
    message: 'topics whose names begin with __ belong to Kafka itself: choose another name',
    holds: (name: string) => !name.startsWith('__'),
  },
] as const

/** Parts of the section that name topics. */
export interface NamesTopics {
  readonly name?: string
  readonly deadLetters?: { readonly name?: string }
  readonly control?: { readonly name?: string }
}

export const topic = {
  type: 'object',
  description:
    "The channel's topic. The operator creates it, adds partitions to it, and keeps the settings that the channel names at their values.",
  default: {},
  properties: {
    name: {
      type: 'string',
      description: 'Name of the topic. Default: NAMESPACE.NAME of the channel. Cannot be changed.',
      minLength: 1,
      maxLength: 240,
      pattern: topicNamePattern,
      'x-kubernetes-validations': topicNameRules,
    },
    partitions: {
      type: 'integer',
      description: 'Number of partitions. It may grow, but not shrink: Kafka cannot remove partitions.',
      minimum: 1,
      maximum: 1024,
      default: 3,
      'x-kubernetes-validations': [
        {
          rule: 'self >= oldSelf',
          message: 'partitions can only grow: Kafka cannot remove partitions. Create another channel with fewer, and move its clients',
          holds: null,
        },
      ],
    },
    replicas: {
      type: 'integer',
      description:
        "Replication factor: the number of brokers that hold each partition. Default: the brokers' default.replication.factor. Cannot be changed.",
      minimum: 1,
      maximum: 100,
    },
    retention: {
      type: 'string',
      description:
        "Time for which records are kept (retention.ms), such as 1h or 90m: at least the replay window. Default: the brokers' own.",
      maxLength: 32,
      pattern: durationPattern,
      'x-kubernetes-validations': [durationAtLeast('retention', '1m')],
    },
    config: {
      type: 'object',
      description:
        'Further settings of the topic, such as min.insync.replicas: "2". The operator unsets a setting that is removed here. It does not change settings that others made.',
      maxProperties: 64,
      additionalProperties: { type: 'string', description: 'The value, as Kafka writes it.', maxLength: 4096 },
    },
    deadLetters: {
      type: 'object',
      description: 'The topic to which gateways copy undecodable records. The operator creates it, with one partition.',
      default: {},
      properties: {
        enabled: { type: 'boolean', description: 'true: such records are copied.', default: true },
        name: {
          type: 'string',
          description:
            "Name of the dead letter topic. Default: the name of the channel's topic with .dlq appended. It cannot be the topic of a channel.",
          minLength: 1,
          maxLength: 249,
          pattern: topicNamePattern,
          'x-kubernetes-validations': topicNameRules,
        },
        retention: {
          type: 'string',
          description: "Time for which dead letters are kept (retention.ms), such as 168h. Default: the brokers' own.",
          maxLength: 32,
          pattern: durationPattern,
          'x-kubernetes-validations': [durationAtLeast('retention', '1m')],
        },
      },
    },
    control: {
      type: 'object',
      description:
        'The topic in which gateways keep revocations of tokens, and from which each gateway reads all of them before it is ready. The operator creates it, compacted, with one partition.',
      default: {},
      properties: {
        enabled: {
          type: 'boolean',
          description: 'true: tokens can be revoked. false: gateways refuse requests to revoke.',
          default: true,
        },
        name: {
          type: 'string',
          description:
            "Name of the control topic. Default: the name of the channel's topic with .control appended. It cannot be another topic of a channel.",
          minLength: 1,
          maxLength: 249,
          pattern: topicNamePattern,
          'x-kubernetes-validations': topicNameRules,
        },
      },
    },
    deletionPolicy: {
      type: 'string',
      description:
        'Fate of all topics of the channel when the channel is deleted. Retain: they stay. Delete: those that the operator created for this channel are deleted, with all their records.',
      enum: ['Retain', 'Delete'],
      default: 'Retain',
    },
  },
  'x-kubernetes-validations': [
    {
      rule: 'has(self.name) == has(oldSelf.name) && (!has(self.name) || self.name == oldSelf.name)',
      message: 'the name of the topic cannot be changed: create another channel for another topic',
      fieldPath: '.name',
      holds: null,
    },
    {
      rule: 'has(self.replicas) == has(oldSelf.replicas) && (!has(self.replicas) || self.replicas == oldSelf.replicas)',
      message:
        "the replication factor cannot be changed here: move the partitions with Kafka's tools, and leave replicas out of new channels",
      fieldPath: '.replicas',
      holds: null,
    },
    {
      rule: "!has(self.retention) || !has(self.config) || !('retention.ms' in self.config)",
      message: 'retention and config["retention.ms"] are the same setting: set one of them',
      fieldPath: '.config',
      holds: ({ retention, config = {} }: { readonly retention?: string; readonly config?: Readonly<Record<string, string>> }) =>
        retention === undefined || config['retention.ms'] === undefined,
    },
    {
      rule: '!has(self.name) || !has(self.deadLetters) || !has(self.deadLetters.name) || self.deadLetters.name != self.name',
      message: "the dead letter topic must be another topic than the channel's own",
      fieldPath: '.deadLetters.name',
      holds: ({ name, deadLetters }: NamesTopics) => name === undefined || deadLetters?.name !== name,
    },
    {
      rule: '!has(self.name) || !has(self.control) || !has(self.control.name) || self.control.name != self.name',
      message: "the control topic must be another topic than the channel's own",
      fieldPath: '.control.name',
      holds: ({ name, control }: NamesTopics) => name === undefined || control?.name !== name,
    },
    {
      rule: '!has(self.control) || !has(self.control.name) || !has(self.deadLetters) || !has(self.deadLetters.name) || self.control.name != self.deadLetters.name',
      message: 'the control topic must be another topic than that of the dead letters',
      fieldPath: '.control.name',
      holds: ({ deadLetters, control }: NamesTopics) => control?.name === undefined || control.name !== deadLetters?.name,
    },
  ],
} as const satisfies JsonSchema
