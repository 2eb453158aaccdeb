package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

const timeout = 20 * time.Second

// planned is an event that the SDK makes and encodes, see ../../testing/plan.ts.
type planned struct {
	Name        string
	Mode        string // binary or structured
	Source      string
	Subject     string
	ContentType string
	Kind        string // json, text, bytes or none
	Text        string
	Extensions  map[string]any
}

func readPlan() (events []planned, err error) {
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	err = decoder.Decode(&events)
	return events, err
}

func made(p planned) (event.Event, error) {
	e := cloudevents.NewEvent()
	e.SetID(p.Name)
	e.SetSource(p.Source)
	e.SetType("interop.sdk")
	if p.Subject != "" {
		e.SetSubject(p.Subject)
	}
	for name, value := range p.Extensions {
		if number, ok := value.(json.Number); ok {
			whole, err := number.Int64()
			if err != nil {
				return e, err
			}
			value = int32(whole)
		}
		e.SetExtension(name, value)
	}
	switch p.Kind {
	case "none":
		return e, nil
	case "json":
		return e, e.SetData(p.ContentType, json.RawMessage(p.Text))
	case "text":
		return e, e.SetData(p.ContentType, p.Text)
	}
	bytes, err := base64.StdEncoding.DecodeString(p.Text)
	if err != nil || p.ContentType != "" {
		return e, errors.Join(err, e.SetData(p.ContentType, bytes))
	}
	// SetData demands a content type.
	e.DataEncoded, e.DataBase64 = bytes, true
	return e, nil
}

// cloudEvents emits the events of the plan by sdk-go, each with the client's Send. Argument: URL.
func cloudEvents(arguments []string) error {
	events, err := readPlan()
	if err != nil {
		return err
	}
	client, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(arguments[0]))
	if err != nil {
		return err
	}
	for _, p := range events {
		write("sent", send(client, p))
	}
	return nil
}

func send(client cloudevents.Client, p planned) map[string]any {
	report := map[string]any{"name": p.Name}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if p.Mode == "structured" {
		ctx = binding.WithForceStructured(ctx)
	} else {
		ctx = binding.WithForceBinary(ctx)
	}
	e, err := made(p)
	if err != nil {
		report["error"] = err.Error()
		return report
	}
	result := client.Send(ctx, e)
	var answer *cehttp.Result
	if cloudevents.ResultAs(result, &answer) {
		report["status"] = answer.StatusCode
	}
	if !cloudevents.IsACK(result) {
		report["error"] = result.Error()
	}
	return report
}

// batch emits all events of the plan as one batch, as sdk-go writes it. Argument: URL.
func batch(arguments []string) error {
	plan, err := readPlan()
	if err != nil {
		return err
	}
	events := []event.Event{}
	for _, p := range plan {
		e, err := made(p)
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	request, err := cehttp.NewHTTPRequestFromEvents(ctx, arguments[0], events)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	write("answer", map[string]any{"status": answer.StatusCode, "body": string(body)})
	return nil
}

func plain(id string) event.Event {
	e := cloudevents.NewEvent()
	e.SetID(id)
	e.SetSource("/interop")
	e.SetType("interop.knative")
	e.SetExtension("audience", `{"broadcast":true}`)
	return e
}

// knative emits an event as a Knative broker does, and applies its rule to the answer: a success with a body that is not a CloudEvent is a failure.
// Arguments: URL, id, and the value of the header Prefer.
func knative(arguments []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, arguments[0], http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Prefer", arguments[2])
	e := plain(arguments[1])
	if err := cehttp.WriteRequest(binding.WithForceBinary(ctx), binding.ToMessage(&e), request); err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	message := cehttp.NewMessageFromHttpResponse(answer)
	encoding := message.ReadEncoding()
	read, _ := io.ReadFull(message.BodyReader, make([]byte, 1))
	isFailure := answer.StatusCode < 200 || answer.StatusCode > 299 || (encoding == binding.EncodingUnknown && read > 0)
	write("answer", map[string]any{"status": answer.StatusCode, "encoding": encoding.String(), "bytes": read, "failed": isFailure})
	return nil
}

// request emits an event by the client's Request, which reads an answer with a body as an event. Arguments: URL, id, and the value of the header Prefer.
func request(arguments []string) error {
	client, err := cloudevents.NewClientHTTP(cloudevents.WithTarget(arguments[0]), cloudevents.WithHeader("Prefer", arguments[2]))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	reply, result := client.Request(ctx, plain(arguments[1]))
	write("answer", map[string]any{"hasReply": reply != nil, "acknowledged": cloudevents.IsACK(result)})
	return nil
}
