import type { JsonSchema } from './json-schema.ts'
import { dnsNamePattern, labelMap, objectName, stringMap } from './parts.ts'

/** Prefix of a path, as in the gateway's own options, but not empty. No segment begins with a dot, which a client could take for a step up. */
const prefix = { type: 'string', minLength: 2, maxLength: 200, pattern: '^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$' } as const

export interface RouteFields {
  readonly type?: string
  readonly className?: string
  readonly parentRefs?: unknown
  readonly tls?: { readonly secretName?: string }
}

export const route = {
  type: 'object',
  description:
    'Route by which browsers reach the channel. Without this section, and without a host of the class, the channel is reached only inside the cluster, by its Service.',
  default: { type: 'None' },
  properties: {
    type: {
      type: 'string',
      description: 'Ingress (networking.k8s.io/v1), HTTPRoute (gateway.networking.k8s.io/v1), or None.',
      enum: ['Ingress', 'HTTPRoute', 'None'],
      default: 'Ingress',
    },
    host: {
      type: 'string',
      description: 'Host name, without a port.',
      minLength: 1,
      maxLength: 253,
      pattern: dnsNamePattern,
    },
    paths: {
      type: 'object',
      description: 'Prefixes of the paths, by which channels can share a host.',
      default: {},
      properties: {
        socket: { ...prefix, description: 'Prefix of /v1/ws. Default: /wss/NAME of the channel.' },
        api: { ...prefix, description: 'Prefix of /v1/events and /v1/emit-message. Default: /api/NAME of the channel.' },
      },
      'x-kubernetes-validations': [
        {
          rule: '!has(self.socket) || !has(self.api) || self.socket != self.api',
          message: 'socket and api need different prefixes',
          holds: ({ socket, api }: { readonly socket?: string; readonly api?: string }) => socket === undefined || socket !== api,
        },
      ],
    },
    className: { ...objectName, description: "The ingress class. Default: the cluster's default class." },
    parentRefs: {
      type: 'array',
      description: 'The Gateways (Gateway API) that an HTTPRoute attaches to.',
      minItems: 1,
      maxItems: 8,
      items: {
        type: 'object',
        description: 'A Gateway.',
        required: ['name'],
        properties: {
          name: { ...objectName, description: 'Name of the Gateway.' },
          namespace: { ...objectName, maxLength: 63, description: 'Its namespace. Default: that of the channel.' },
          sectionName: { ...objectName, description: 'One of its listeners. Default: all that match.' },
          port: { type: 'integer', description: 'Listeners of this port only.', minimum: 1, maximum: 65_535 },
        },
      },
    },
    tls: {
      type: 'object',
      description: 'Browsers connect with wss and https. An empty object: the ingress controller or the Gateway has the certificate.',
      properties: {
        secretName: {
          ...objectName,
          description:
            'A Secret of this namespace (type kubernetes.io/tls) for the Ingress. cert-manager fills it if the annotations ask for that.',
        },
      },
    },
    annotations: { ...stringMap, description: 'Annotations of the Ingress or HTTPRoute.' },
    labels: { ...labelMap, description: 'Further labels of the Ingress or HTTPRoute.' },
  },
  'x-kubernetes-validations': [
    {
      rule: "!has(self.type) || self.type != 'HTTPRoute' || !has(self.className)",
      message: 'className belongs to an Ingress: an HTTPRoute has parentRefs instead',
      fieldPath: '.className',
      holds: ({ type, className }: RouteFields) => type !== 'HTTPRoute' || className === undefined,
    },
    {
      rule: "!has(self.type) || self.type != 'Ingress' || !has(self.parentRefs)",
      message: 'parentRefs belongs to an HTTPRoute: an Ingress has className instead',
      fieldPath: '.parentRefs',
      holds: ({ type, parentRefs }: RouteFields) => type !== 'Ingress' || parentRefs === undefined,
    },
    {
      rule: "!has(self.type) || self.type != 'HTTPRoute' || !has(self.tls) || !has(self.tls.secretName)",
      message: "the certificate of an HTTPRoute is its Gateway's: set tls: {}",
      fieldPath: '.tls',
      holds: ({ type, tls }: RouteFields) => type !== 'HTTPRoute' || tls?.secretName === undefined,
    },
  ],
} as const satisfies JsonSchema
