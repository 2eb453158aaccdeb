import { retiredVariables, understoodVariables } from './gateway-options.ts'
import type { JsonSchema } from './json-schema.ts'
import { durationPattern, labelMap, objectName, ofKubernetes, quantity, stringMap } from './parts.ts'
import { durationBetween, isAtMost, nanoOf } from './rules.ts'

const quantities = {
  type: 'object',
  additionalProperties: { ...quantity, description: 'A quantity, such as 250m or 512Mi.' },
  maxProperties: 16,
} as const

type Quantities = Readonly<Record<string, string | number>>

export interface Resources {
  readonly requests?: Quantities
  readonly limits?: Quantities
}

/** Default that is stored with each channel: kubectl scale needs a number that is always there. */
export const defaultReplicas = 2

export const gateway = {
  type: 'object',
  description: 'The pods that hold the connections.',
  default: {},
  properties: {
    replicas: {
      type: 'integer',
      description: 'Number of pods. kubectl scale sets it, too. With autoscaling, leave it out (or at its default).',
      minimum: 0,
      maximum: 1000,
      default: defaultReplicas,
      isDefaultStored: true,
    },
    autoscaling: {
      type: 'object',
      description: 'Lets a HorizontalPodAutoscaler choose the number of pods. Set this or replicas.',
      required: ['maxReplicas'],
      properties: {
        minReplicas: { type: 'integer', description: 'Least number of pods.', minimum: 1, maximum: 1000, default: 2 },
        maxReplicas: { type: 'integer', description: 'Greatest number of pods.', minimum: 1, maximum: 1000 },
        targetCPUUtilizationPercent: {
          type: 'integer',
          description:
            'Share of the requested CPU, on average over the pods, above which pods are added. One pod cannot use more than one core.',
          minimum: 10,
          maximum: 100,
          default: 70,
        },
      },
      'x-kubernetes-validations': [
        {
          rule: '!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas',
          message: 'minReplicas must not exceed maxReplicas',
          fieldPath: '.minReplicas',
          holds: ({ minReplicas, maxReplicas }: { readonly minReplicas?: number; readonly maxReplicas?: number }) =>
            isAtMost(minReplicas, maxReplicas),
        },
      ],
    },
    resources: {
      type: 'object',
      description:
        'CPU, memory and ephemeral storage of a pod. Default: requests of 100m, 192Mi and 64Mi; a memory limit of 256Mi plus three times replay.maxBytes; no limit of CPU and ephemeral storage.',
      properties: {
        requests: { ...quantities, description: 'What the scheduler sets aside.' },
        limits: { ...quantities, description: 'What a pod cannot exceed.' },
      },
      'x-kubernetes-validations': [
        {
          rule: '!has(self.requests) || !has(self.limits) || self.requests.all(name, !(name in self.limits) || quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)',
          message: 'requests must not exceed limits: a pod cannot reserve more than it may use',
          fieldPath: '.requests',
          holds: ({ requests = {}, limits = {} }: Resources) =>
            Object.entries(requests).every(
              ([name, request]) => limits[name] === undefined || isAtMost(nanoOf(request), nanoOf(limits[name])),
            ),
        },
      ],
    },
    image: {
      type: 'string',
      description: "Image of the gateway. Default: that of the operator's options, which is the operator's own.",
      minLength: 1,
      maxLength: 512,
      pattern: '^[^\\s]+$',
    },
    imagePullPolicy: {
      type: 'string',
      description: "When the image is pulled. Default: Kubernetes' own rule.",
      enum: ['Always', 'IfNotPresent', 'Never'],
    },
    imagePullSecrets: {
      type: 'array',
      description: 'Secrets of this namespace with credentials for the image registry.',
      maxItems: 16,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        description: 'A Secret.',
        required: ['name'],
        properties: { name: { ...objectName, description: 'Name of the Secret.' } },
      },
    },
    drainSeconds: {
      type: 'integer',
      description: 'Time over which a pod that stops moves its connections to others.',
      minimum: 0,
      maximum: 600,
      default: 15,
    },
    heartbeat: {
      type: 'string',
      description:
        'How often each connection is pinged, such as 20s: more often than proxies between close idle connections. Default: 25s.',
      maxLength: 32,
      pattern: durationPattern,
      'x-kubernetes-validations': [durationBetween('heartbeat', '1s', '10m')],
    },
    logLevel: {
      type: 'string',
      description: 'The least severe log lines. User ids appear at debug only.',
      enum: ['debug', 'info', 'warn', 'error', 'silent'],
      default: 'info',
    },
    env: {
      type: 'array',
      description:
        'Further options of the gateway, which no other field sets (docs/reference/configuration.md), and variables of tracing, OTEL_* (docs/observability.md). A value that the gateway would refuse is refused here.',
      maxItems: 64,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        description: 'An option.',
        required: ['name', 'value'],
        properties: {
          name: {
            type: 'string',
            description: 'The environment variable.',
            maxLength: 64,
            enum: understoodVariables,
            'x-kubernetes-validations': Object.entries(retiredVariables).map(([name, instead]) => ({
              rule: `self != '${name}'`,
              message: `${name} cannot be set: ${instead}`,
              holds: (self: string) => self !== name,
            })),
          },
          value: { type: 'string', description: 'Its value.', maxLength: 4096 },
        },
      },
    },
    nodeSelector: { ...labelMap, description: 'Labels of the nodes that pods may run on.' },
    tolerations: {
      type: 'array',
      description: 'Taints of nodes that pods tolerate.',
      maxItems: 32,
      items: ofKubernetes('A toleration, as in the spec of a pod.'),
    },
    affinity: ofKubernetes('Affinity, as in the spec of a pod. Default: pods prefer different zones.'),
    topologySpreadConstraints: {
      type: 'array',
      description:
        'Spread of the pods, as in the spec of a pod. A labelSelector that is left out is that of the channel. Default: pods prefer different nodes.',
      maxItems: 16,
      items: ofKubernetes('A topology spread constraint.'),
    },
    priorityClassName: { ...objectName, description: 'PriorityClass of the pods.' },
    podUser: {
      type: 'string',
      description:
        "Source of the user, the group and the fsGroup of the pods. Fixed: 65532 for all three. Assigned: the pods ask for none, and the cluster assigns them, as OpenShift does; elsewhere the pods run as the image's user. Default: the operator's options.",
      enum: ['Fixed', 'Assigned'],
    },
    podLabels: { ...labelMap, description: 'Further labels of the pods. Those of Carillon cannot be changed.' },
    podAnnotations: { ...stringMap, description: 'Further annotations of the pods.' },
  },
  'x-kubernetes-validations': [
    // The API server stores the default of `replicas`, which no user wrote. It must not keep a channel from autoscaling later.
    {
      rule: `!has(self.autoscaling) || !has(self.replicas) || self.replicas == ${defaultReplicas}`,
      message: 'gateway takes exactly one of replicas (a fixed number of pods) and autoscaling: remove replicas',
      holds: ({ autoscaling, replicas }: { readonly autoscaling?: unknown; readonly replicas?: number }) =>
        autoscaling === undefined || replicas === undefined || replicas === defaultReplicas,
    },
  ],
} as const satisfies JsonSchema

export const tracing = {
  type: 'object',
  description:
    'Collector of the traces that gateways send (docs/observability.md). Without this section, and without OTEL_* in gateway.env, they send none.',
  required: ['endpoint'],
  properties: {
    endpoint: {
      type: 'string',
      description:
        'The URL of an OpenTelemetry collector, such as http://otel-collector.monitoring:4318. It holds no credentials: the collector adds them.',
      maxLength: 2048,
      pattern: '^https?://[^\\s/@]+(/[^\\s@]*)?$',
    },
    protocol: {
      type: 'string',
      description: 'Protocol of the collector. Default: http/protobuf.',
      enum: ['http/protobuf', 'http/json', 'grpc'],
    },
    samplePercent: {
      type: 'integer',
      description:
        'Share of traces that are recorded, in percent, among those that begin in the gateway. A trace that a caller records is always continued. Default: 100.',
      minimum: 0,
      maximum: 100,
    },
  },
} as const satisfies JsonSchema

const port = { type: 'integer', minimum: 1, maximum: 65_535 } as const

/** Destination of the pods for one purpose. */
const destination = (purpose: string, defaultPorts: string) =>
  ({
    type: 'object',
    description: purpose,
    properties: {
      to: {
        type: 'array',
        description: 'Peers of a NetworkPolicy. Default: any address. An empty list: none.',
        maxItems: 32,
        items: ofKubernetes('A peer: namespaceSelector, podSelector, ipBlock.'),
      },
      ports: {
        type: 'array',
        description: `Ports there. Default: ${defaultPorts}.`,
        minItems: 1,
        maxItems: 32,
        'x-kubernetes-list-type': 'set',
        items: { ...port, description: 'A port.' },
      },
    },
  }) as const satisfies JsonSchema

const proxyUrl = { type: 'string', maxLength: 2048, pattern: '^https?://[^\\s/@]+/?$' } as const

export const network = {
  type: 'object',
  description:
    'The NetworkPolicy of the pods: peers that may reach them and, with egress, peers that they may reach. And the proxy that they use.',
  default: {},
  properties: {
    ingressFrom: {
      type: 'array',
      description:
        "Peers of a NetworkPolicy that may reach the public port: the ingress controller, and services that emit. Default: the namespaces of the operator's options; when these are empty, any peer.",
      maxItems: 32,
      items: ofKubernetes('A peer: namespaceSelector, podSelector, ipBlock.'),
    },
    metricsFrom: {
      type: 'array',
      description:
        "Peers that may reach the internal port with /metrics. Default: the namespaces of the operator's options. An empty list: no peer.",
      maxItems: 32,
      items: ofKubernetes('A peer: namespaceSelector, podSelector, ipBlock.'),
    },
    egress: {
      type: 'object',
      description:
        'The only destinations that the pods may reach. An empty object: the ports that a gateway needs, at any address. Default: no limits.',
      properties: {
        dns: destination('Name servers, by UDP and TCP.', '53, and 5353, on which name servers of OpenShift listen'),
        kafka: destination('Brokers.', 'those of the bootstrap servers. If brokers listen on other ports, name the ports of all brokers'),
        keys: destination('The server behind auth.jwks.uri, or the proxy before it.', 'that of the URI, or of the proxy'),
        traces: destination('The collector of traces, if the channel names one.', 'that of its address'),
        others: {
          type: 'array',
          description: "Further egress rules of a NetworkPolicy, for other destinations such as a service mesh's control plane.",
          maxItems: 32,
          items: ofKubernetes('An egress rule: to, ports.'),
        },
      },
    },
    proxy: {
      type: 'object',
      description: 'The proxy through which the keys of auth.jwks.uri are fetched. Kafka and the traces do not go through it.',
      properties: {
        httpsProxy: { ...proxyUrl, description: 'Proxy for an https URI, such as http://proxy.example.com:3128.' },
        httpProxy: { ...proxyUrl, description: 'Proxy for an http URI.' },
        noProxy: {
          type: 'array',
          description:
            'Hosts that are reached without the proxy: a name (with all names under it), an address, a network such as 10.0.0.0/8, or * for all hosts. Loopback addresses are always included.',
          maxItems: 64,
          'x-kubernetes-list-type': 'set',
          items: { type: 'string', description: 'A host.', minLength: 1, maxLength: 253, pattern: '^[^,\\s]+$' },
        },
      },
    },
  },
} as const satisfies JsonSchema

export const service = {
  type: 'object',
  description: 'The Service of the pods.',
  default: {},
  properties: {
    ipFamilyPolicy: {
      type: 'string',
      description: "IP families of the Service: one or both. SingleStack: the cluster's first family. Default: SingleStack.",
      enum: ['SingleStack', 'PreferDualStack', 'RequireDualStack'],
    },
    annotations: { ...stringMap, description: 'Annotations of the Service, for a service mesh or topology-aware routing.' },
  },
} as const satisfies JsonSchema
