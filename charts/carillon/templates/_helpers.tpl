{{/* The name of all objects: the release's, which is "carillon" as a rule. */}}
{{- define "carillon.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Finds the operator's pods. A Deployment's selector can never be changed. */}}
{{- define "carillon.selector" -}}
app.kubernetes.io/name: carillon-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels by which objects are found and counted. Values cannot set them. */}}
{{- define "carillon.ownLabels" -}}
{{- include "carillon.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: carillon
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "carillon.labels" -}}
{{- merge (include "carillon.ownLabels" . | fromYaml) .Values.commonLabels | toYaml -}}
{{- end -}}

{{/* All labels as one map, so that no key occurs twice: dict "root" "labels". */}}
{{- define "carillon.labelsWith" -}}
{{- merge (include "carillon.ownLabels" .root | fromYaml) .labels .root.Values.commonLabels | toYaml -}}
{{- end -}}

{{/* Labels of a pod that is not an operator: dict "root" "name". */}}
{{- define "carillon.helperLabels" -}}
{{- merge (dict "app.kubernetes.io/name" .name "app.kubernetes.io/instance" .root.Release.Name) .root.Values.podLabels .root.Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "carillon.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "carillon.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false: name the account in serviceAccount.name" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "carillon.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}

{{/* "true" if the cluster assigns the users of pods. */}}
{{- define "carillon.isAssigned" -}}
{{- or (eq .Values.podUser "assigned") (and (eq .Values.podUser "auto") (.Capabilities.APIVersions.Has "security.openshift.io/v1")) -}}
{{- end -}}

{{/* File mode of mounted Secrets. Without a known fsGroup, each user of the container may read them; the container has one user. */}}
{{- define "carillon.secretMode" -}}
{{- eq (include "carillon.isAssigned" .) "true" | ternary "0444" "0440" -}}
{{- end -}}

{{/* Common fields of all pods of the chart, without containers. With the default values they meet the Pod Security Standard "restricted". */}}
{{- define "carillon.podSpec" -}}
{{- include "carillon.check" . -}}
# The variable of a Service could have the name of an option.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- $isAssigned := eq (include "carillon.isAssigned" .) "true" }}
{{- with (ternary (omit .Values.podSecurityContext "runAsUser" "runAsGroup" "fsGroup") .Values.podSecurityContext $isAssigned) }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
The members of "names" in which the Role and RoleBinding "role" can exist. All of them if Helm does not talk to a cluster (helm template), makes no roles, or may not read namespaces.
A namespace that is being deleted accepts no new objects. Its existing roles stay, so that the operator can still remove its finalizer from channels there.
*/}}
{{- define "carillon.namespacesThere" -}}
{{- $phases := dict -}}
{{- if and .names .root.Values.rbac.create .root.Values.rbac.clusterWide -}}
{{- range (lookup "v1" "Namespace" "" "").items -}}
{{- $_ := set $phases .metadata.name .status.phase -}}
{{- end -}}
{{- end -}}
{{- $there := list -}}
{{- range .names -}}
{{- $phase := get $phases . -}}
{{- $has := false -}}
{{- if eq $phase "Terminating" -}}
{{- $has = and (lookup "rbac.authorization.k8s.io/v1" "Role" . $.role) (lookup "rbac.authorization.k8s.io/v1" "RoleBinding" . $.role) -}}
{{- end -}}
{{- if or (empty $phases) (eq $phase "Active") $has -}}
{{- $there = append $there . -}}
{{- end -}}
{{- end -}}
{{- $there | toJson -}}
{{- end -}}

{{/* Name servers of OpenShift listen on 5353, behind a Service with 53. */}}
{{- define "carillon.egressToDns" -}}
- ports:
    {{- range $port := list 53 5353 }}
    {{- range list "UDP" "TCP" }}
    - port: {{ $port }}
      protocol: {{ . }}
    {{- end }}
    {{- end }}
  {{- with .Values.networkPolicy.egress.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "carillon.egressToApiServer" -}}
- ports:
    {{- range .Values.networkPolicy.egress.apiServerPorts }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
  {{- with .Values.networkPolicy.egress.apiServer }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Variables that the chart sets, each with the value that sets it, or with "leave it out". */}}
{{- define "carillon.ownEnv" -}}
POD_NAME: leave it out
LEASE_NAMESPACE: leave it out
LEASE_NAME: use fullnameOverride
GATEWAY_IMAGE: use gateway.image
GATEWAY_POD_USER: use podUser
METRICS_NAMESPACES: use metrics.namespaces
NAMESPACES: use watchNamespaces
INGRESS_NAMESPACES: use gateway.ingressNamespaces
CLASS_FILE: use class.defaults and class.allowed, with rbac.clusterWide=false
KAFKA_BROKERS: use kafka.brokers
KAFKA_TLS: use kafka.tls.enabled
KAFKA_TLS_CA_FILE: use kafka.tls.secretName and kafka.tls.caKey
KAFKA_TLS_CERT_FILE: use kafka.tls.secretName and kafka.tls.certKey
KAFKA_TLS_KEY_FILE: use kafka.tls.secretName and kafka.tls.keyKey
KAFKA_SASL_MECHANISM: use kafka.sasl.mechanism
KAFKA_SASL_USERNAME_FILE: use kafka.sasl.secretName and kafka.sasl.usernameKey
KAFKA_SASL_PASSWORD_FILE: use kafka.sasl.secretName and kafka.sasl.passwordKey
CHANNEL_KAFKA_CA_SECRET: use kafka.channels.caSecret
CHANNEL_KAFKA_CLIENT_SECRET: use kafka.channels.clientSecret
CHANNEL_KAFKA_SASL_MECHANISM: use kafka.channels.saslMechanism
CHANNEL_KAFKA_SASL_SECRET: use kafka.channels.saslSecret
LOG_LEVEL: use log.level
LOG_FORMAT: use log.format
TOPIC_PATTERN: use class.allowed.topics
INTERNAL_PORT: the probes and the Service of the chart ask port 9000
{{- with .Values.trustedCa }}
{{- if or .configMap .secret }}
NODE_EXTRA_CA_CERTS: use trustedCa, which is set, or extraVolumes alone
{{- end }}
{{- end }}
{{- end -}}

{{/* Rules between values, which their schema cannot express. */}}
{{- define "carillon.check" -}}
{{- if not (hasKey .Values "class") -}}
{{- fail "these values are those of an earlier release of the chart (--reuse-values), or class is null: use --reset-then-reuse-values" -}}
{{- end -}}
{{- with .Values.topics -}}
{{- fail (printf "topics.pattern has moved: give class.allowed.topics as a list, such as [%q]" (default "*" .pattern)) -}}
{{- end -}}
{{- include "carillon.checkNames" . -}}
{{- with .Values.kafka -}}
{{- if and (ne .sasl.mechanism "none") (not .sasl.secretName) -}}
{{- fail (printf "kafka.sasl.mechanism is %s: name the Secret with user name and password in kafka.sasl.secretName" .sasl.mechanism) -}}
{{- end -}}
{{- if and (eq .sasl.mechanism "none") .sasl.secretName -}}
{{- fail "kafka.sasl.secretName is set, and kafka.sasl.mechanism is none: set kafka.sasl.mechanism" -}}
{{- end -}}
{{- if and (ne .channels.saslMechanism "none") (not .channels.saslSecret) -}}
{{- fail (printf "kafka.channels.saslMechanism is %s: name the Secret of the channels' namespaces in kafka.channels.saslSecret" .channels.saslMechanism) -}}
{{- end -}}
{{- if ne (empty .tls.certKey) (empty .tls.keyKey) -}}
{{- fail "kafka.tls.certKey and kafka.tls.keyKey belong together: give both or neither" -}}
{{- end -}}
{{- if and .tls.secretName (not .tls.enabled) -}}
{{- fail "kafka.tls.secretName is set, and kafka.tls.enabled is false: set kafka.tls.enabled, or leave the Secret out" -}}
{{- end -}}
{{- if and .tls.certKey (not .tls.secretName) -}}
{{- fail "kafka.tls.certKey is a key of the Secret kafka.tls.secretName: name it" -}}
{{- end -}}
{{- if and (or .channels.caSecret .channels.clientSecret) (not .tls.enabled) -}}
{{- fail "kafka.channels.caSecret and kafka.channels.clientSecret are for TLS: set kafka.tls.enabled" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.trustedCa.configMap .Values.trustedCa.secret -}}
{{- fail "trustedCa.configMap and trustedCa.secret are both set: set one" -}}
{{- end -}}
{{- if not (or .Values.rbac.clusterWide .Values.watchNamespaces) -}}
{{- fail "rbac.clusterWide=false needs watchNamespaces: the operator has rights in these namespaces alone" -}}
{{- end -}}
{{- with .Values.networkPolicy -}}
{{- if and .egress.enabled (not .enabled) -}}
{{- fail "networkPolicy.egress.enabled needs networkPolicy.enabled: it is a part of that NetworkPolicy" -}}
{{- end -}}
{{- if and .egress.enabled (not .egress.kafkaPorts) (not $.Values.kafka.brokers) -}}
{{- fail "networkPolicy.egress.enabled with an empty kafka.brokers: name the ports of the brokers that channels name in networkPolicy.egress.kafkaPorts" -}}
{{- end -}}
{{- end -}}
{{- range .Values.rbac.kafkaSecrets -}}
{{- if and $.Values.watchNamespaces (not (has .namespace $.Values.watchNamespaces)) -}}
{{- fail (printf "rbac.kafkaSecrets names the namespace %s, which is not among watchNamespaces" .namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The class of class.*, without its metadata. */}}
{{- define "carillon.classSpec" -}}
{{- $spec := dict -}}
{{- with .Values.class.defaults }}{{ $_ := set $spec "defaults" . }}{{ end -}}
{{- with .Values.class.allowed }}{{ $_ := set $spec "allowed" . }}{{ end -}}
{{- toJson $spec -}}
{{- end -}}

{{/* The same as an object, for an operator that does not read the classes of the cluster. */}}
{{- define "carillon.classFile" -}}
{{- dict "apiVersion" "carillon.dev/v1alpha1" "kind" "RealtimeChannelClass" "metadata" (dict "name" .Values.class.name) "spec" (include "carillon.classSpec" . | fromJson) | toPrettyJson -}}
{{- end -}}

{{/* Refuses additional names that the chart uses itself. YAML and the API server would refuse them with a message that does not name the value. */}}
{{- define "carillon.checkNames" -}}
{{- $ownEnv := include "carillon.ownEnv" . | fromYaml -}}
{{- $seen := dict -}}
{{- range .Values.extraEnv -}}
{{- if hasKey $ownEnv .name -}}
{{- fail (printf "extraEnv names %s, which the chart sets: %s" .name (get $ownEnv .name)) -}}
{{- end -}}
{{- if hasKey $seen .name -}}
{{- fail (printf "extraEnv names %s twice: leave one of them out" .name) -}}
{{- end -}}
{{- $_ := set $seen .name true -}}
{{- end -}}
{{- $volumes := dict "tmp" true "kafka-tls" true "kafka-sasl" true "trusted-ca" true "class" true -}}
{{- range .Values.extraVolumes -}}
{{- if hasKey $volumes .name -}}
{{- fail (printf "extraVolumes names %s, which is taken: give the volume another name" .name) -}}
{{- end -}}
{{- $_ := set $volumes .name true -}}
{{- end -}}
{{- $paths := dict -}}
{{- range .Values.extraVolumeMounts -}}
{{- $path := clean .mountPath -}}
{{- if or (hasKey $paths $path) (eq $path "/tmp") (eq $path "/etc/carillon") (hasPrefix "/etc/carillon/" $path) -}}
{{- fail (printf "extraVolumeMounts names the path %s, which is taken: give another mountPath" .mountPath) -}}
{{- end -}}
{{- $_ := set $paths $path true -}}
{{- if not (hasKey $volumes .name) -}}
{{- fail (printf "extraVolumeMounts names the volume %s, which is not among extraVolumes" .name) -}}
{{- end -}}
{{- end -}}
{{- $ownLabels := include "carillon.ownLabels" . | fromYaml -}}
{{- range $value, $labels := dict "commonLabels" .Values.commonLabels "podLabels" .Values.podLabels "metrics.serviceMonitor.labels" .Values.metrics.serviceMonitor.labels "metrics.podMonitor.labels" .Values.metrics.podMonitor.labels "metrics.prometheusRule.labels" .Values.metrics.prometheusRule.labels "metrics.dashboards.labels" .Values.metrics.dashboards.labels -}}
{{- range $name, $_ := $labels -}}
{{- if hasKey $ownLabels $name -}}
{{- fail (printf "%s names %s, which the chart sets: leave it out" $value $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if hasKey .Values.podAnnotations "kubectl.kubernetes.io/default-container" -}}
{{- fail "podAnnotations names kubectl.kubernetes.io/default-container, which the chart sets: leave it out" -}}
{{- end -}}
{{- end -}}

{{/* Metadata of objects that exist after the release is deleted: dict "root" "name" "namespace" (empty: of the cluster) "weight". */}}
{{- define "carillon.hookMeta" -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "carillon.labels" .root | nindent 2 }}
annotations:
  helm.sh/hook: post-delete
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/* A Job that ends when the API server knows RealtimeChannelClasses. Every account may list the kinds of a cluster. */}}
{{- define "carillon.waitForDefinitions" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "carillon.fullname" . }}-wait-for-definitions
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "carillon.labels" . | nindent 4 }}
  annotations:
    helm.sh/hook: post-install,post-upgrade
    helm.sh/hook-weight: "-5"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 3
  activeDeadlineSeconds: 240
  template:
    metadata:
      labels:
        {{- include "carillon.helperLabels" (dict "root" . "name" "carillon-wait-for-definitions") | nindent 8 }}
      {{- with .Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "carillon.podSpec" . | nindent 6 }}
      serviceAccountName: {{ include "carillon.serviceAccountName" . }}
      restartPolicy: Never
      containers:
        - name: ask
          image: {{ include "carillon.image" . }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          command:
            - node
            - --eval
            - |
              const { readFileSync } = await import('node:fs')
              const folder = '/var/run/secrets/kubernetes.io/serviceaccount'
              const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
              const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}/apis/carillon.dev/v1alpha1`
              for (let attempt = 1; ; attempt += 1) {
                const headers = { authorization: `Bearer ${readFileSync(`${folder}/token`, 'utf8')}` }
                const said = await fetch(url, { headers, signal: AbortSignal.timeout(5000) }).then((answer) => answer.text(), String)
                if (said.includes('"realtimechannelclasses"')) break
                console.log(said)
                if (attempt === 60) process.exit(1)
                await new Promise((resolve) => setTimeout(resolve, 1000))
              }
          env:
            - name: NODE_EXTRA_CA_CERTS
              value: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
          resources:
            {{- toYaml .Values.test.resources | nindent 12 }}
          {{- with .Values.securityContext }}
          securityContext:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          terminationMessagePolicy: FallbackToLogsOnError
{{ end -}}
