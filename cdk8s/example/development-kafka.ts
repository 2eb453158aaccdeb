import { k8s } from 'cdk8s-plus-27'
import { Construct } from 'constructs'

export interface DevelopmentKafkaProps {
  readonly namespace: string
  /** Number of brokers, from 1 to 3. Every broker holds every partition. @default 1 */
  readonly brokers?: number
  /** Size of a volume for each broker, such as 1Gi. @default none: records live as long as their pod */
  readonly storage?: string
  /** @default apache/kafka:4.1.1 */
  readonly image?: string
}

const port = 9092
const controllerPort = 9093
const name = 'kafka'
const headless = 'kafka-brokers'
/** User of the image. */
const userId = 1000
const dataDirectory = '/var/lib/kafka/data'
const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'carillon-example' } as const

/** Directories that the image writes to, besides its data. Its root is read-only. */
const writableDirectories = { tmp: '/tmp', config: '/opt/kafka/config', logs: '/opt/kafka/logs' } as const

/**
 * Kafka for development: one to three nodes that are brokers and controllers, in KRaft mode, without TLS or passwords. For production use an
 * operator such as Strimzi, or a managed Kafka.
 */
export class DevelopmentKafka extends Construct {
  /** Bootstrap server as host:port, which every namespace reaches. */
  readonly bootstrapServers: readonly string[]
  readonly brokers: number

  /** @throws Error for fewer than 1 or more than 3 brokers */
  constructor(scope: Construct, id: string, props: DevelopmentKafkaProps) {
    super(scope, id)
    const { namespace, brokers = 1 } = props
    if (![1, 2, 3].includes(brokers)) throw new Error(`DevelopmentKafka has 1, 2 or 3 brokers, not ${brokers}`)
    this.brokers = brokers
    this.bootstrapServers = [`${name}.${namespace}.svc:${port}`]
    // Nodes look for each other before they are ready. They become ready only together.
    new k8s.KubeService(this, 'brokers', {
      metadata: { name: headless, namespace, labels },
      spec: {
        clusterIp: 'None',
        publishNotReadyAddresses: true,
        selector: labels,
        ports: [servicePort(name, port), servicePort('controller', controllerPort)],
      },
    })
    new k8s.KubeService(this, 'bootstrap', {
      metadata: { name, namespace, labels },
      spec: { selector: labels, ports: [servicePort(name, port)] },
    })
    new k8s.KubeStatefulSet(this, 'nodes', { metadata: { name, namespace, labels }, spec: statefulSet(props, brokers) })
  }
}

const servicePort = (portName: string, number: number): k8s.ServicePort => ({
  name: portName,
  port: number,
  targetPort: k8s.IntOrString.fromString(portName),
})

function statefulSet({ namespace, storage, image = 'apache/kafka:4.1.1' }: DevelopmentKafkaProps, brokers: number): k8s.StatefulSetSpec {
  const written = Object.keys(writableDirectories).map((directory) => ({ name: directory, emptyDir: {} }))
  return {
    serviceName: headless,
    replicas: brokers,
    // One node alone has no quorum and would never be ready.
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        automountServiceAccountToken: false,
        // Otherwise the Service `kafka` sets KAFKA_PORT and similar variables, which the image takes for settings.
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: userId,
          runAsGroup: userId,
          fsGroup: userId,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        terminationGracePeriodSeconds: 30,
        containers: [container(image, environment(namespace, brokers))],
        volumes: [...written, ...(storage === undefined ? [{ name: 'data', emptyDir: {} }] : [])],
      },
    },
    ...(storage === undefined ? {} : { volumeClaimTemplates: [claim(storage)] }),
  }
}

function container(image: string, env: k8s.EnvVar[]): k8s.Container {
  return {
    name,
    image,
    env,
    ports: [
      { name, containerPort: port },
      { name: 'controller', containerPort: controllerPort },
    ],
    readinessProbe: { tcpSocket: { port: k8s.IntOrString.fromString(name) }, periodSeconds: 2 },
    resources: {
      requests: { cpu: k8s.Quantity.fromString('250m'), memory: k8s.Quantity.fromString('768Mi') },
      limits: { memory: k8s.Quantity.fromString('1Gi') },
    },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      ...Object.entries(writableDirectories).map(([volume, mountPath]) => ({ name: volume, mountPath })),
      { name: 'data', mountPath: dataDirectory },
    ],
  }
}

const claim = (storage: string): k8s.KubePersistentVolumeClaimProps => ({
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: k8s.Quantity.fromString(storage) } } },
})

/**
 * Returns the settings of a node, as variables of the image. A node takes its id from the name of its pod. It advertises its own name in the headless
 * Service, by which clients reach each broker from any namespace.
 */
function environment(namespace: string, brokers: number): k8s.EnvVar[] {
  const host = (pod: string): string => `${pod}.${headless}.${namespace}.svc`
  const voters = Array.from({ length: brokers }, (_, index) => `${index}@${host(`${name}-${index}`)}:${controllerPort}`)
  const inSync = String(Math.max(1, brokers - 1))
  const settings = {
    CLUSTER_ID: 'Q2FyaWxsb25FeGFtcGxlMQ',
    KAFKA_HEAP_OPTS: '-Xms256m -Xmx512m',
    // Without the optimizing compiler a broker is as fast here, and three brokers that restart often need two fifths less processor time.
    KAFKA_OPTS: '-XX:TieredStopAtLevel=1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: voters.join(','),
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENERS: `PLAINTEXT://:${port},CONTROLLER://:${controllerPort}`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${host('$(POD_NAME)')}:${port}`,
    KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    // A subdirectory of the volume: a new file system has a directory lost+found, which Kafka takes for a log.
    KAFKA_LOG_DIRS: `${dataDirectory}/log`,
    // The operator creates topics.
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_DEFAULT_REPLICATION_FACTOR: String(brokers),
    KAFKA_MIN_INSYNC_REPLICAS: inSync,
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: String(brokers),
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: String(brokers),
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: inSync,
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: String(brokers),
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: inSync,
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  }
  return [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'KAFKA_NODE_ID', valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } } },
    ...Object.entries(settings).map(([variable, value]) => ({ name: variable, value })),
  ]
}
