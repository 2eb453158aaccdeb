/**
 * Reasons of a channel's conditions, each with its meaning: a closed table that generates docs/reference/conditions.md.
 * `stalled`: the channel needs a person, because nothing changes by itself. Otherwise the operator retries or waits.
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
      'The channel asks for no pods (replicas: 0), and there are none. That is what was asked for, so the condition is True, but no client can connect.',
  },
  RouteAccepted: {
    stalled: false,
    meaning:
      'The Ingress is in place, or every Gateway has accepted the HTTPRoute. The message names up to three Ingresses and HTTPRoutes of others that have an address of the channel, for they may get its requests.',
  },
  RevocationOn: { stalled: false, meaning: 'Gateways follow the control topic, so tokens can be revoked.' },
  NoRevocationAsked: {
    stalled: false,
    meaning: 'The channel asks for no control topic (topic.control.enabled: false), so its tokens cannot be revoked.',
  },
  NoRouteAsked: { stalled: false, meaning: 'The channel asks for no route: it is reached inside of the cluster only.' },
  // ---- not checked
  Paused: {
    stalled: false,
    meaning:
      'The annotation carillon.dev/paused is "true": nothing is changed, and the other conditions are as they were. Ready is Unknown, so tools that wait for the channel keep waiting.',
  },
  NotLookedAt: { stalled: false, meaning: 'The operator has not checked it yet; another condition says why.' },
  Deleting: { stalled: false, meaning: 'The channel is being deleted, and its topic has yet to be deleted in Kafka.' },
  // ---- the channel itself
  SpecNotUnderstood: {
    stalled: true,
    meaning:
      'The channel has a field of a kind that this operator does not expect: CustomResourceDefinition and operator are of different versions. Upgrade the chart.',
  },
  ClassNotFound: {
    stalled: true,
    meaning:
      'The RealtimeChannelClass that spec.className names does not exist. Create it, or set another spec.className. Nothing is created, changed or deleted; running pods stay as they are.',
  },
  ClassInvalid: {
    stalled: true,
    meaning:
      'The class of the channel cannot be used: a pattern in it may give one thing to two namespaces, or it is of another version than this operator. The message names the cause. Running pods stay as they are.',
  },
  DefaultClassAmbiguous: {
    stalled: true,
    meaning:
      'The channel names no class, and several classes have the annotation carillon.dev/is-default-class. Remove it from all but one, or set spec.className. Running pods stay as they are.',
  },
  NotAllowedByClass: {
    stalled: true,
    meaning:
      'The channel, with the values that its class fills in, asks for more than the class allows. The message names each field, its value, the bound and the class. Nothing is created, changed or deleted; running pods stay as they are.',
  },
  SpecIncomplete: {
    stalled: true,
    meaning:
      'A field that every channel needs is set neither in the channel nor in its class. The message names the fields. Nothing is created or changed; running pods stay as they are.',
  },
  SpecInvalid: {
    stalled: true,
    meaning:
      'The values of the channel and those that its class fills in break a rule together. The message names the rule. Nothing is created or changed; running pods stay as they are.',
  },
  InvalidName: {
    stalled: true,
    meaning: 'The name of the channel is too long, or is not one that its Service can have. Create a channel with another name.',
  },
  InvalidGatewayOptions: {
    stalled: true,
    meaning: 'The gateway would refuse to start with these values; the message names the fields. Running pods stay as they are.',
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
      "No broker answers in time. Running pods stay as they are, and the operator retries. For brokers that the channel names, only the operator's log says why.",
  },
  KafkaUnauthenticated: {
    stalled: true,
    meaning:
      "The brokers refuse the credentials of the Secret that the channel names, or the operator's own for the cluster of its options. Correct the Secret.",
  },
  KafkaUnauthorized: {
    stalled: true,
    meaning:
      'The brokers do not authorize the operator. Grant its user Create, Describe, DescribeConfigs, Alter, AlterConfigs (and Delete) on the topic.',
  },
  SecretNotFound: { stalled: true, meaning: 'A Secret that the channel names does not exist. Create it in the namespace of the channel.' },
  SecretKeyMissing: { stalled: true, meaning: 'A Secret that the channel names has no such key, or the key is empty.' },
  SecretForbidden: {
    stalled: true,
    meaning:
      'The operator is not allowed to read the Secret with the credentials of Kafka. Grant it with a Role in the namespace of the channel (docs/rbac.md).',
  },
  // ---- the topic
  TopicCreating: { stalled: false, meaning: 'The topic was just created, and the brokers do not show it yet.' },
  TopicChanging: { stalled: false, meaning: 'A change of the topic failed. The operator retries.' },
  TopicNotDeleted: {
    stalled: false,
    meaning:
      'The channel is being deleted, and its topic could not be deleted. The operator retries for five minutes (TOPIC_GIVE_UP_MS). Then the channel is deleted, and the topic stays.',
  },
  TopicNotOurs: {
    stalled: true,
    meaning:
      'The topic existed before the channel, and differs from what the channel asks for. Change the channel to match the topic, or let the operator change the topic with the annotation carillon.dev/adopt: "true", where the class allows it (spec.allowed.adopt).',
  },
  TopicClaimed: {
    stalled: true,
    meaning:
      'Another channel has this topic, possibly by another address of the brokers. Create a channel with another topic, or delete one of the two.',
  },
  TopicNotAllowed: {
    stalled: true,
    meaning:
      'The channel may not use this topic: it is internal to Kafka, its name is invalid, or one topic would serve two uses. A name outside of the class is NotAllowedByClass, except that of the control topic.',
  },
  TopicMissing: {
    stalled: true,
    meaning:
      'The topic existed and is missing, and creating it again might hide a mistake: the operator did not create it, or the cluster is another. Restore it, or consent with the annotation carillon.dev/recreate-topic: "true".',
  },
  TopicReplaced: {
    stalled: true,
    meaning:
      'Another client deleted the topic and created one of the same name, which differs from what the channel asks for. The new topic is served, and not changed. Let the operator change it with carillon.dev/adopt: "true".',
  },
  PartitionsCannotShrink: {
    stalled: true,
    meaning:
      'The topic has more partitions than the channel asks for, and Kafka cannot remove partitions. Set spec.topic.partitions to the number that exists.',
  },
  ReplicationCannotChange: {
    stalled: true,
    meaning: "The topic has another replication factor than the channel asks for. Move its partitions with Kafka's tools.",
  },
  TopicUnusable: {
    stalled: true,
    meaning:
      'With a setting of the topic, the channel cannot keep what it promises: min.insync.replicas above the replicas, max.message.bytes below limits.eventBytes, cleanup.policy compact, or retention.ms below the replay window. A setting that the channel asks for is not made. A setting that exists already is reported.',
  },
  TopicRefused: {
    stalled: true,
    meaning:
      'The brokers refuse to create or change the topic: replication above the number of brokers, an invalid setting, a policy. The message quotes them.',
  },
  // ---- the gateway
  WaitingForTopic: { stalled: false, meaning: 'No pods are started before the topic is known; TopicReady says why.' },
  GatewayProgressing: { stalled: false, meaning: 'Pods are being started or replaced.' },
  RolloutPaused: {
    stalled: true,
    meaning:
      'The roll-out of the Deployment is paused (kubectl rollout pause), and pods of the newest template are not started. Running pods stay as they are. Resume it with kubectl rollout resume.',
  },
  GatewayUnavailable: { stalled: false, meaning: 'No pod is available.' },
  ImagePullFailed: {
    stalled: true,
    meaning:
      'The image of the gateway cannot be pulled, after the deadline of the roll-out. Correct spec.gateway.image or imagePullSecrets.',
  },
  PodsUnschedulable: { stalled: true, meaning: 'No node accepts the pods, after the deadline of the roll-out.' },
  PodsFailing: {
    stalled: true,
    meaning:
      'Pods exist and do not become ready, after the deadline of the roll-out: they cannot mount a Secret, or exit repeatedly. See kubectl describe and their logs. Pods that could not be created have another reason, which quotes the refusal.',
  },
  // ---- the route
  RouteProgressing: { stalled: false, meaning: 'No controller of a Gateway has answered the HTTPRoute yet.' },
  RouteNotAccepted: {
    stalled: true,
    meaning: 'A Gateway does not accept the HTTPRoute, or cannot resolve its references. The message quotes the Gateway.',
  },
  RouteClaimed: {
    stalled: true,
    meaning: 'Another channel has this host and path, or a path above or below it. Set others, or delete one of the two.',
  },
  IngressClassNotFound: {
    stalled: true,
    meaning: 'The ingress class does not exist, or the channel names none and the cluster has no default one.',
  },
  GatewayNotFound: { stalled: true, meaning: 'The Gateway that parentRefs names does not exist.' },
  GatewayApiNotInstalled: {
    stalled: true,
    meaning:
      'The channel asks for an HTTPRoute, and the cluster does not have the Gateway API, or not its version v1. Install it, or set spec.route.type: Ingress.',
  },
  // ---- Kubernetes
  ObjectNotOurs: {
    stalled: true,
    meaning: 'An object that has the name of a child of the channel does not belong to the channel. Delete or rename it.',
  },
  ObjectTerminating: {
    stalled: false,
    meaning: 'An object of an earlier channel of this name, or of this one, is still being deleted, or the whole namespace is.',
  },
  QuotaExceeded: { stalled: true, meaning: 'A ResourceQuota leaves no room for pods or for another object. The message quotes it.' },
  AdmissionDenied: {
    stalled: true,
    meaning:
      'Admission refuses an object or pods: a webhook, a policy, a LimitRange, Pod Security, a security context constraint, a priority class that does not exist. The message quotes the refusal.',
  },
  Forbidden: { stalled: true, meaning: 'RBAC does not let the operator do what the channel needs. Check its roles (docs/rbac.md).' },
  InvalidObject: {
    stalled: true,
    meaning:
      'The API server refuses an object that follows from the channel. The message names the field of the channel that it comes from.',
  },
  FieldContested: {
    stalled: true,
    meaning:
      'Something else changes fields of an object as often as the operator sets them back: a HorizontalPodAutoscaler or a KEDA ScaledObject on the Deployment, a policy engine, another operator. The operator sets them back less and less often, at least every ten minutes, and at once when the channel changes. The message names the fields and their owner. Remove that client, or let it act on the channel.',
  },
  FieldConflict: { stalled: false, meaning: 'Another client changed an object at the same time. The operator retries.' },
  ApiUnavailable: {
    stalled: false,
    meaning:
      'The API server, or a webhook that it calls, does not answer for an object of the channel or for its pods. The operator retries.',
  },
} as const satisfies Record<string, { readonly stalled: boolean; readonly meaning: string }>

export type ConditionReason = keyof typeof conditionReasons

/** Returns whether this operator knows a reason. A newer operator may have written others. */
export function isConditionReason(text: unknown): text is ConditionReason {
  return typeof text === 'string' && Object.hasOwn(conditionReasons, text)
}

/** Returns whether the channel needs a person before anything changes. */
export function isStalled(reason: ConditionReason): boolean {
  return conditionReasons[reason].stalled
}
