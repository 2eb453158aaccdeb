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

{{- define "carillon.labels" -}}
{{- with .Values.commonLabels }}
{{- toYaml . }}
{{ end }}
{{- include "carillon.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: carillon
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
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

{{/* Every pod of the chart fits the Pod Security Standard "restricted". */}}
{{- define "carillon.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "carillon.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{/* What values owe each other, which their schema cannot say. */}}
{{- define "carillon.check" -}}
{{- with .Values.kafka -}}
{{- if and (ne .sasl.mechanism "none") (not .sasl.secretName) -}}
{{- fail (printf "kafka.sasl.mechanism is %s: name the Secret with user name and password in kafka.sasl.secretName" .sasl.mechanism) -}}
{{- end -}}
{{- if and (eq .sasl.mechanism "none") .sasl.secretName -}}
{{- fail "kafka.sasl.secretName is given: say in kafka.sasl.mechanism how the operator authenticates" -}}
{{- end -}}
{{- if and (ne .channels.saslMechanism "none") (not .channels.saslSecret) -}}
{{- fail (printf "kafka.channels.saslMechanism is %s: name the Secret of the channels' namespaces in kafka.channels.saslSecret" .channels.saslMechanism) -}}
{{- end -}}
{{- if ne (empty .tls.certKey) (empty .tls.keyKey) -}}
{{- fail "kafka.tls.certKey and kafka.tls.keyKey belong together: give both or neither" -}}
{{- end -}}
{{- if and .tls.secretName (not .tls.enabled) -}}
{{- fail "kafka.tls.secretName is given: set kafka.tls.enabled, or leave the Secret out" -}}
{{- end -}}
{{- if and .tls.certKey (not .tls.secretName) -}}
{{- fail "kafka.tls.certKey is a key of the Secret kafka.tls.secretName: name it" -}}
{{- end -}}
{{- if and (or .channels.caSecret .channels.clientSecret) (not .tls.enabled) -}}
{{- fail "kafka.channels.caSecret and kafka.channels.clientSecret are for TLS: set kafka.tls.enabled" -}}
{{- end -}}
{{- end -}}
{{- range .Values.rbac.kafkaSecrets -}}
{{- if and $.Values.watchNamespaces (not (has .namespace $.Values.watchNamespaces)) -}}
{{- fail (printf "rbac.kafkaSecrets names the namespace %s, which is not among watchNamespaces" .namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Metadata of what runs after the release is deleted: dict "root" "name" "namespace" (empty: of the cluster) "weight". */}}
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
