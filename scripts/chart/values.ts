import { classSpecSchema } from '../../api/v1alpha1/realtime-channel-class.ts'
import type { JsonSchema } from '../../api/v1alpha1/schema/json-schema.ts'
import { valueSchemaOf, type ValueSchema } from './value-schema.ts'

/** A value of the chart. */
export interface Value {
  readonly description: string
  readonly schema: ValueSchema
  readonly default: unknown
}

/** A group of values. */
export interface Section {
  readonly description: string
  readonly values: Readonly<Record<string, Value | Section>>
}

const text = (description: string, value = '', schema: ValueSchema = {}): Value => ({
  description,
  schema: { type: 'string', ...schema },
  default: value,
})
const flag = (description: string, value: boolean): Value => ({ description, schema: { type: 'boolean' }, default: value })
const choice = (description: string, values: readonly string[], value: string): Value => ({
  description,
  schema: { type: 'string', enum: values },
  default: value,
})
const texts = (description: string, value: readonly string[] = [], schema: ValueSchema = {}): Value => ({
  description,
  schema: { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true, ...schema },
  default: value,
})
const labels = (description: string): Value => ({
  description,
  schema: { type: 'object', additionalProperties: { type: 'string' } },
  default: {},
})
const objects = (description: string, value: readonly object[] = []): Value => ({
  description,
  schema: { type: 'array', items: { type: 'object' } },
  default: value,
})
const object = (description: string, value: object = {}): Value => ({ description, schema: { type: 'object' }, default: value })
/** A list whose items the API server would refuse later, with a shorter message. */
const items = (description: string, item: ValueSchema): Value => ({
  description,
  schema: { type: 'array', items: { type: 'object', additionalProperties: false, ...item } },
  default: [],
})
const field = (description: string, schema: JsonSchema): Value => ({
  description,
  schema: valueSchemaOf({ ...schema, description }),
  default: {},
})
const ports = (description: string, value: readonly number[]): Value => ({
  description,
  schema: { type: 'array', items: { type: 'integer', minimum: 1, maximum: 65_535 }, uniqueItems: true, maxItems: 32 },
  default: value,
})
const namespaces = { items: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' } }
const saslMechanisms = ['none', 'plain', 'scram-sha-256', 'scram-sha-512']

/** Every value of the chart: values.yaml, values.schema.json and the table of the chart's README are made of it. */
export const chartValues: Section = {
  description: 'Values of the chart carillon.',
  values: {
    watchNamespaces: texts(
      'Namespaces whose channels the operator reconciles. Empty: all. With a list, the operator has a Role in each and may write nowhere else.',
      [],
      { ...namespaces, maxItems: 256 },
    ),
    kafka: {
      description: 'The Kafka cluster of channels that name none.',
      values: {
        brokers: texts(
          'host:port of the brokers, such as [::1]:9092 for an IPv6 address. Empty: a class or each channel must name brokers.',
          [],
          { items: { type: 'string', pattern: '^(\\[[0-9a-fA-F:.]+\\]|[^\\s:/@,\\[\\]]+):[0-9]{1,5}$' }, maxItems: 32 },
        ),
        tls: {
          description: 'TLS to these brokers, for the operator and for the gateways of channels that use them.',
          values: {
            enabled: flag('TLS to these brokers.', false),
            secretName: text(
              "Secret of the release's namespace with the operator's files. Empty: the system's authorities, and no client certificate.",
            ),
            caKey: text("Key of the authorities in the Secret (PEM). Empty: the system's.", 'ca.crt'),
            certKey: text('Key of the client certificate in the Secret. Empty: none. Needs keyKey.'),
            keyKey: text("Key of the client certificate's private key in the Secret."),
          },
        },
        sasl: {
          description: 'Authentication of the operator. Its user may create, describe, alter and delete topics.',
          values: {
            mechanism: choice('SASL mechanism of the operator.', saslMechanisms, 'none'),
            secretName: text("A Secret of the release's namespace with user name and password."),
            usernameKey: text('Key of the user name in the Secret.', 'username', { minLength: 1 }),
            passwordKey: text('Key of the password in the Secret.', 'password', { minLength: 1 }),
          },
        },
        channels: {
          description:
            'Secrets for gateways with these brokers. They are in the namespace of each channel, because a pod can mount no others.',
          values: {
            caSecret: text("Secret with ca.crt. Empty: the system's authorities."),
            clientSecret: text('Secret with tls.crt and tls.key, for mutual TLS.'),
            saslMechanism: choice('SASL mechanism of gateways.', saslMechanisms, 'none'),
            saslSecret: text('Secret with username and password.'),
          },
        },
      },
    },
    class: {
      description: 'The RealtimeChannelClass that the chart makes: defaults and bounds of channels (docs/classes.md).',
      values: {
        create: flag('Make the class. It stays when the chart is uninstalled, or when this is set to false.', true),
        name: text('Name of the class.', 'default', { minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' }),
        isDefault: flag('Channels that name no class get this one. A cluster has one such class at most.', true),
        defaults: field('Defaults of channels: any part of the spec of a RealtimeChannel.', classSpecSchema.properties.defaults),
        allowed: {
          ...field(
            'Bounds of channels (docs/reference/realtimechannelclass.md). A bound that is not set is closed.',
            classSpecSchema.properties.allowed,
          ),
          default: { topics: ['NAMESPACE.*'] },
        },
      },
    },
    gateway: {
      description: 'The gateways of channels.',
      values: {
        image: text("Image of gateways whose channel names none. Empty: the operator's own."),
        ingressNamespaces: texts(
          'Namespaces whose pods may reach gateways: those of the ingress controller and of emitters. Empty: all namespaces.',
          [],
          { ...namespaces, maxItems: 64 },
        ),
      },
    },
    image: {
      description: 'Image with both programs.',
      values: {
        repository: text('Registry and name of the image.', 'ghcr.io/carillon-dev/carillon', { minLength: 1 }),
        tag: text('Tag. Empty: the version of the chart.'),
        digest: text('Digest, such as sha256:0123..., which wins over the tag.', '', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
        pullPolicy: choice('Pull policy of the image.', ['Always', 'IfNotPresent', 'Never'], 'IfNotPresent'),
      },
    },
    imagePullSecrets: {
      description: "Secrets of the release's namespace with credentials for the registry, as `- name: NAME`. Channels name their own.",
      schema: {
        type: 'array',
        items: { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 1 } }, additionalProperties: false },
      },
      default: [],
    },
    replicaCount: {
      description: 'Number of operators. One works, the others stand by.',
      schema: { type: 'integer', minimum: 0, maximum: 10 },
      default: 2,
    },
    log: {
      description: 'Log lines of the operator.',
      values: {
        level: choice('Least severe level that is written.', ['debug', 'info', 'warn', 'error', 'silent'], 'info'),
        format: choice('A JSON object per line, or text for people.', ['json', 'text'], 'json'),
      },
    },
    extraEnv: items(
      'Further options of the operator (docs/reference/operator-configuration.md) and variables for Node.js, as in the spec of a container. A variable that the chart sets is refused.',
      {
        required: ['name'],
        properties: {
          name: { type: 'string', pattern: '^[-._a-zA-Z][-._a-zA-Z0-9]*$' },
          value: { type: 'string' },
          valueFrom: { type: 'object' },
        },
      },
    ),
    extraVolumes: items('Further volumes of the operator, as in the spec of a pod.', {
      required: ['name'],
      properties: { name: { type: 'string', minLength: 1 } },
      additionalProperties: true,
    }),
    extraVolumeMounts: items("Mount paths of volumes in the operator's container, as in the spec of a container.", {
      required: ['name', 'mountPath'],
      properties: { name: { type: 'string', minLength: 1 }, mountPath: { type: 'string', pattern: '^/' } },
      additionalProperties: true,
    }),
    trustedCa: {
      description: "Authorities that the operator trusts beside the system's, for brokers behind a private certificate authority.",
      values: {
        configMap: text("A ConfigMap of the release's namespace with the authorities (PEM). Empty: none."),
        secret: text("A Secret of the release's namespace with the authorities, in place of a ConfigMap."),
        key: text('Key of the authorities in the ConfigMap or Secret.', 'ca.crt', { minLength: 1 }),
      },
    },
    crds: {
      description: 'The CustomResourceDefinitions of RealtimeChannels and their classes.',
      values: {
        enabled: flag('Install and upgrade the definitions with the chart.', true),
        keep: flag('Keep the definitions, and with them every channel and class, when the chart is uninstalled.', true),
      },
    },
    rbac: {
      description: 'Roles of the operator and of people.',
      values: {
        create: flag('Make the roles of the operator (docs/reference/permissions.md). Off: an administrator makes them.', true),
        clusterWide: flag(
          'Let the operator read objects of the whole cluster: classes, ingress classes, Gateways and its definitions. Off: it has Roles in watchNamespaces alone, and one class, that of class.*, as a file.',
          true,
        ),
        aggregate: flag("Include RealtimeChannels in the cluster's roles view, edit and admin.", true),
        kafkaSecrets: {
          description:
            'Secrets of channels with Kafka credentials that the operator may read, as `- {namespace: shop, names: [kafka-user]}`. Needed only for channels with a spec.kafka of their own.',
          schema: {
            type: 'array',
            items: {
              type: 'object',
              required: ['namespace', 'names'],
              properties: {
                namespace: { type: 'string', minLength: 1 },
                names: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
              },
              additionalProperties: false,
            },
          },
          default: [],
        },
      },
    },
    serviceAccount: {
      description: 'ServiceAccount of the operator.',
      values: {
        create: flag('Make the ServiceAccount.', true),
        name: text('Name of the ServiceAccount. Empty: that of the release.'),
        annotations: labels('Annotations of the ServiceAccount.'),
      },
    },
    metrics: {
      description: 'Metrics of the operator and of gateways.',
      values: {
        namespaces: texts("Namespaces whose pods may reach metrics: Prometheus' own. Empty: none may.", ['monitoring'], {
          ...namespaces,
          maxItems: 64,
        }),
        service: {
          description: 'The Service with /metrics. The test of the chart uses it, too.',
          values: {
            enabled: flag('Make the Service.', true),
            annotations: labels('Annotations of the Service.'),
            ipFamilyPolicy: choice(
              "Address families of the Service. Empty: the cluster's default, which is one family.",
              ['', 'SingleStack', 'PreferDualStack', 'RequireDualStack'],
              '',
            ),
          },
        },
        serviceMonitor: {
          description: 'ServiceMonitor of the Prometheus operator, which scrapes the operator.',
          values: {
            enabled: flag('Make the ServiceMonitor.', false),
            interval: text('Time between scrapes.', '30s', { pattern: '^[0-9]+(ms|s|m)$' }),
            labels: labels('Labels by which Prometheus finds it.'),
          },
        },
        podMonitor: {
          description: 'PodMonitor of the Prometheus operator, which scrapes the gateways of all channels.',
          values: {
            enabled: flag('Make the PodMonitor.', false),
            interval: text('Time between scrapes.', '30s', { pattern: '^[0-9]+(ms|s|m)$' }),
            labels: labels('Labels by which Prometheus finds it.'),
          },
        },
        prometheusRule: {
          description: 'PrometheusRule of the Prometheus operator: alerts about the operator and gateways.',
          values: { enabled: flag('Make the PrometheusRule.', false), labels: labels('Labels by which Prometheus finds it.') },
        },
        dashboards: {
          description: "Dashboards of Grafana: a ConfigMap for each, which the sidecar of Grafana's chart finds by its label.",
          values: {
            enabled: flag('Make the ConfigMaps.', false),
            labels: { ...labels('Labels by which the sidecar finds the ConfigMaps.'), default: { grafana_dashboard: '1' } },
            annotations: labels('Annotations of the ConfigMaps, such as grafana_folder, the folder in Grafana.'),
          },
        },
      },
    },
    networkPolicy: {
      description: 'NetworkPolicy of the operator.',
      values: {
        enabled: flag('Let in only metrics.namespaces and the test of the chart.', true),
        egress: {
          description: 'Limits on what the operator may reach.',
          values: {
            enabled: flag('Allow only DNS, the API server, brokers, and the rules of extra. Off: everything.', false),
            dns: objects('Peers that answer DNS on port 53 or 5353, as in the spec of a NetworkPolicy. Empty: any address.'),
            apiServer: objects('Peers of the API server. Empty: any address.'),
            apiServerPorts: ports("Ports of the API server: its Service's and its own.", [443, 6443]),
            kafka: objects('Peers of brokers. Empty: any address.'),
            kafkaPorts: ports(
              'Ports of brokers: of their advertised addresses, and of brokers that channels name. Empty: those of kafka.brokers.',
              [],
            ),
            extra: objects('Further egress rules, as in the spec of a NetworkPolicy.'),
          },
        },
      },
    },
    podDisruptionBudget: {
      description: 'PodDisruptionBudget of the operator.',
      values: { enabled: flag('Allow the eviction of one operator at a time.', true) },
    },
    uninstall: {
      description: 'The Job after `helm uninstall`.',
      values: {
        releaseFinalizers: flag(
          "Remove the operator's finalizer from all channels, so that they and their namespaces can be deleted without the operator. Topics stay.",
          true,
        ),
        resources: object('CPU, memory and disk of that Job.', {
          requests: { cpu: '50m', memory: '128Mi', 'ephemeral-storage': '32Mi' },
          limits: { memory: '256Mi' },
        }),
      },
    },
    test: {
      description: 'The Pod of `helm test`.',
      values: {
        resources: object('CPU, memory and disk of that Pod.', {
          requests: { cpu: '10m', memory: '64Mi', 'ephemeral-storage': '16Mi' },
          limits: { memory: '128Mi' },
        }),
      },
    },
    resources: object('CPU, memory and disk of the operator.', {
      requests: { cpu: '100m', memory: '192Mi', 'ephemeral-storage': '64Mi' },
      limits: { memory: '512Mi' },
    }),
    podUser: choice(
      'Source of the user, group and fsGroup of all pods of the chart, and of gateways whose channel has no podUser. fixed: podSecurityContext, and 65532 for gateways. assigned: the cluster, as OpenShift does. auto: assigned if the API security.openshift.io is served, else fixed.',
      ['auto', 'fixed', 'assigned'],
      'auto',
    ),
    podSecurityContext: object('Security context of all pods of the chart. The operator reads mounted Secrets as the group fsGroup.', {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    }),
    securityContext: object('Security context of the containers of these pods.', {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    }),
    priorityClassName: text(
      'PriorityClass of all pods of the chart: the operators, the Job after `helm uninstall`, and the Pod of `helm test`.',
    ),
    nodeSelector: labels('Labels of the nodes that all pods of the chart may run on.'),
    tolerations: objects('Taints of nodes that all pods of the chart tolerate.'),
    affinity: object('Affinity of all pods of the chart.'),
    topologySpreadConstraints: objects('Spread of the operators. Empty: over nodes, as far as possible.'),
    podLabels: labels('Further labels of all pods of the chart.'),
    podAnnotations: labels('Annotations of all pods of the chart, such as one that keeps a sidecar away.'),
    commonLabels: labels('Further labels of all objects.'),
    nameOverride: text('Replacement for the name of the chart in names.'),
    fullnameOverride: text('Name of all objects.', '', { maxLength: 40 }),
  },
}

/** Every value by its path, in the order of the table. */
export function flatValues(section: Section = chartValues, prefix = ''): readonly (Value & { readonly path: string })[] {
  return Object.entries(section.values).flatMap(([name, entry]) =>
    'values' in entry ? flatValues(entry, `${prefix}${name}.`) : [{ ...entry, path: `${prefix}${name}` }],
  )
}
