/**
 * Every reason that a condition of a channel can have, and what it means: a closed table, from which docs/reference/conditions.md is made.
 * `stalled`: nothing will change until somebody does something; otherwise the operator tries again, or waits, by itself.
 */
export const conditionReasons = {
  // ---- as it should be
  Reconciled: { stalled: false, meaning: 'All is as the channel asks.' },
  TopicAsAsked: { stalled: false, meaning: 'The topic is there, with the partitions and settings that the channel asks for.' },
  PodsAvailable: {
    stalled: false,
    meaning:
      'Gateway pods serve. While a channel of the same generation was available before, one pod is enough: that pods restart, or that the autoscaler adds some, does not make the channel unready.',
  },
  ScaledToZero: {
    stalled: false,
    meaning:
      'The channel asks for no pods (replicas: 0), and there are none. That is what was asked for, so the condition is True, but nobody can connect.',
  },
  RouteAccepted: {
    stalled: false,
    meaning:
      'The Ingress is in place, or every Gateway has accepted the HTTPRoute. The message names up to three Ingresses and HTTPRoutes of others that have an address of the channel, for they may get its requests.',
  },
  NoRouteAsked: { stalled: false, meaning: 'The channel asks for no route: it is reached inside of the cluster only.' },
  // ---- not judged
  Paused: {
    stalled: false,
    meaning:
      'The annotation carillon.dev/paused is "true": nothing is changed, and the other conditions are as they were. Ready is Unknown, so that whoever waits for the channel waits on.',
  },
  NotLookedAt: { stalled: false, meaning: 'Something else keeps the operator from looking at it; another condition says what.' },
  Deleting: { stalled: false, meaning: 'The channel is being deleted, and owes Kafka the deletion of its topic.' },
  // ---- the channel itself
  SpecNotUnderstood: {
    stalled: true,
    meaning:
      'The channel has a field of a kind that this operator does not expect: CustomResourceDefinition and operator are of different versions. Upgrade the chart.',
  },
  ClassNotFound: {
    stalled: true,
    meaning:
      'There is no RealtimeChannelClass of the name in spec.className; it may have been deleted. Create it, or name another. Nothing is created, changed or deleted; pods that run go on as they are.',
  },
  ClassInvalid: {
    stalled: true,
    meaning:
      'The class of the channel cannot be used: a pattern in it may give one thing to two namespaces, or it is of another version than this operator. The message says which. Pods that run go on as they are.',
  },
  DefaultClassAmbiguous: {
    stalled: true,
    meaning:
      'The channel names no class, and several classes have the annotation carillon.dev/is-default-class. Take it from all but one, or name a class. Pods that run go on as they are.',
  },
  NotAllowedByClass: {
    stalled: true,
    meaning:
      'The channel, with what its class fills in, is not what the class allows. The message names each field, its value, the bound and the class. Nothing is created, changed or deleted; pods that run go on as they are.',
  },
  SpecIncomplete: {
    stalled: true,
    meaning:
      'Something that every channel needs is set neither in the channel nor in its class. The message names the fields. Nothing is created or changed; pods that run go on as they are.',
  },
  SpecInvalid: {
    stalled: true,
    meaning:
      'The values of the channel and those that its class fills in break a rule together. The message names the rule. Nothing is created or changed; pods that run go on as they are.',
  },
  InvalidName: {
    stalled: true,
    meaning: 'The name of the channel is too long, or is not one that its Service can have. Make a channel with another name.',
  },
  InvalidGatewayOptions: {
    stalled: true,
    meaning: 'The gateway would refuse to start with these values; the message names the fields. Pods that run go on as they are.',
  },
  // ---- Kafka
  KafkaNotConfigured: {
    stalled: true,
    meaning:
      "Neither the channel, nor its class, nor the operator's options name brokers. Set spec.kafka.bootstrapServers, in the class for all of its channels.",
  },
  KafkaUnreachable: {
    stalled: false,
    meaning:
      "No broker answers, or not in time. Pods that run go on as they are; the operator tries again. Of brokers that the channel names, the operator's log alone says why.",
  },
  KafkaUnauthenticated: {
    stalled: true,
    meaning:
      "The brokers refuse the credentials: those of the Secret that the channel names, or for the cluster of the operator's options the operator's own. Correct the Secret.",
  },
  KafkaUnauthorized: {
    stalled: true,
    meaning:
      'The brokers do not allow what the operator asks for. Grant its user Create, Describe, DescribeConfigs, Alter, AlterConfigs (and Delete) on the topic.',
  },
  SecretNotFound: { stalled: true, meaning: 'A Secret that the channel names is not there. Create it in the namespace of the channel.' },
  SecretKeyMissing: { stalled: true, meaning: 'A Secret that the channel names has no such key, or the key is empty.' },
  SecretForbidden: {
    stalled: true,
    meaning:
      'The operator may not read the Secret with the credentials of Kafka. Grant it with a Role in the namespace of the channel (docs/rbac.md).',
  },
  // ---- the topic
  TopicCreating: { stalled: false, meaning: 'The topic was just created, and the brokers do not show it yet.' },
  TopicChanging: { stalled: false, meaning: 'A change of the topic failed, and will be tried again.' },
  TopicNotDeleted: {
    stalled: false,
    meaning:
      'The channel is being deleted, and its topic could not be. It is tried again for five minutes (TOPIC_GIVE_UP_MS); then the channel goes, and the topic stays.',
  },
  TopicNotOurs: {
    stalled: true,
    meaning:
      'The topic existed before the channel, and differs from what the channel asks for. Make the channel as the topic is, or take it with the annotation carillon.dev/adopt: "true", where the class allows it (spec.allowed.adopt).',
  },
  TopicClaimed: {
    stalled: true,
    meaning:
      'Another channel has this topic, by whatever address of the brokers. Name another topic in a new channel, or delete one of the two.',
  },
  TopicNotAllowed: {
    stalled: true,
    meaning:
      'The topic, for events or for dead letters, is one that no channel may have: it belongs to Kafka itself, it cannot have this name, or it is to be both at once. A name that the class does not allow is NotAllowedByClass.',
  },
  TopicMissing: {
    stalled: true,
    meaning:
      'The topic was there and is gone, and making it anew might hide a mistake: the channel did not create it, or the cluster is another. Bring it back, or consent with the annotation carillon.dev/recreate-topic: "true".',
  },
  TopicReplaced: {
    stalled: true,
    meaning:
      'Somebody deleted the topic and made another of the same name, which differs from what the channel asks for. It is served, and not changed. Take it with carillon.dev/adopt: "true".',
  },
  PartitionsCannotShrink: {
    stalled: true,
    meaning:
      'The topic has more partitions than the channel asks for, and Kafka cannot take partitions away. Set spec.topic.partitions to what there is.',
  },
  ReplicationCannotChange: {
    stalled: true,
    meaning: "The topic has another replication factor than the channel asks for. Move its partitions with Kafka's tools.",
  },
  TopicUnusable: {
    stalled: true,
    meaning:
      'With a setting of the topic, the channel cannot keep what it promises: min.insync.replicas above the replicas, max.message.bytes below limits.eventBytes, cleanup.policy compact, or retention.ms below the replay window. A setting that the channel asks for is not made; one that is there already is told.',
  },
  TopicRefused: {
    stalled: true,
    meaning:
      'The brokers will not make or change the topic so: replication above the brokers, an invalid setting, a policy. The message has their words.',
  },
  // ---- the gateway
  WaitingForTopic: { stalled: false, meaning: 'No pods are started before the topic is known; TopicReady says what it waits for.' },
  GatewayProgressing: { stalled: false, meaning: 'Pods are being started or exchanged.' },
  RolloutPaused: {
    stalled: true,
    meaning:
      'Somebody has paused the roll-out of the Deployment (kubectl rollout pause), and pods of the newest template wait for its end. Pods that run go on as they are. Resume it with kubectl rollout resume.',
  },
  GatewayUnavailable: { stalled: false, meaning: 'No pod is available.' },
  ImagePullFailed: {
    stalled: true,
    meaning:
      'The image of the gateway cannot be pulled, after the deadline of the roll-out. Correct spec.gateway.image or imagePullSecrets.',
  },
  PodsUnschedulable: { stalled: true, meaning: 'No node takes the pods, after the deadline of the roll-out.' },
  PodsFailing: {
    stalled: true,
    meaning:
      'Pods were made and do not become ready, after the deadline of the roll-out: they cannot mount a Secret, or end again and again. See kubectl describe and their logs. Pods that could not be made have another reason, with the words of what refuses them.',
  },
  // ---- the route
  RouteProgressing: { stalled: false, meaning: 'No controller of a Gateway has answered to the HTTPRoute yet.' },
  RouteNotAccepted: {
    stalled: true,
    meaning: 'A Gateway does not accept the HTTPRoute, or cannot resolve what it refers to. The message has its words.',
  },
  RouteClaimed: {
    stalled: true,
    meaning: 'Another channel has this host and path, or a path above or below it. Choose others, or delete one of the two.',
  },
  IngressClassNotFound: {
    stalled: true,
    meaning: 'There is no ingress class of this name, or no default class where the channel names none.',
  },
  GatewayNotFound: { stalled: true, meaning: 'There is no such Gateway as parentRefs names.' },
  GatewayApiNotInstalled: {
    stalled: true,
    meaning:
      'The channel asks for an HTTPRoute, and the cluster does not have the Gateway API, or not its version v1. Install it, or ask for an Ingress.',
  },
  // ---- Kubernetes
  ObjectNotOurs: {
    stalled: true,
    meaning: 'An object of the name that a child of the channel must have belongs to somebody else. Delete or rename it.',
  },
  ObjectTerminating: {
    stalled: false,
    meaning: 'An object of an earlier channel of this name, or of this one, is still being deleted, or the whole namespace is.',
  },
  QuotaExceeded: { stalled: true, meaning: 'A ResourceQuota leaves no room for pods or for another object. The message has its words.' },
  AdmissionDenied: {
    stalled: true,
    meaning:
      'Admission refuses an object or pods: a webhook, a policy, a LimitRange, Pod Security, a security context constraint, a priority class that does not exist. The message has its words.',
  },
  Forbidden: { stalled: true, meaning: 'RBAC does not let the operator do what the channel needs. Look at its roles (docs/rbac.md).' },
  InvalidObject: {
    stalled: true,
    meaning:
      'The API server does not take an object that follows from the channel. The message names the field of the channel that it comes from.',
  },
  FieldContested: {
    stalled: true,
    meaning:
      'Something else changes fields of an object as often as the operator sets them back: a HorizontalPodAutoscaler or a KEDA ScaledObject on the Deployment, a policy engine, another operator. The fields are set back less and less often, every ten minutes in the end, and at once when the channel changes. The message names the fields and their owner. Take it away, or let it act on the channel.',
  },
  FieldConflict: { stalled: false, meaning: 'Something changed an object at the same time; it will be tried again.' },
  ApiUnavailable: {
    stalled: false,
    meaning: 'The API server, or a webhook that it asks, does not answer, for an object of the channel or for its pods. It is tried again.',
  },
} as const satisfies Record<string, { readonly stalled: boolean; readonly meaning: string }>

export type ConditionReason = keyof typeof conditionReasons

/** A newer operator may have written one that this one does not know. */
export function isConditionReason(text: unknown): text is ConditionReason {
  return typeof text === 'string' && Object.hasOwn(conditionReasons, text)
}

/** Nothing will change until somebody does something. */
export function isStalled(reason: ConditionReason): boolean {
  return conditionReasons[reason].stalled
}
