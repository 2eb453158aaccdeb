package main

import (
	"context"
	"fmt"
	"net"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/client"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// receiver runs a server made of the SDK, as its README shows. It answers with each event that it gets: in structured mode if the request
// was in binary mode, and in binary mode otherwise.
func receiver(_ []string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	protocol, err := cloudevents.NewHTTP(cehttp.WithListener(listener))
	if err != nil {
		return err
	}
	server, err := cloudevents.NewClient(protocol, client.WithInboundContextDecorator(otherMode))
	if err != nil {
		return err
	}
	fmt.Printf("listening %d\n", listener.Addr().(*net.TCPAddr).Port)
	return server.StartReceiver(context.Background(), func(event cloudevents.Event) (*cloudevents.Event, cloudevents.Result) {
		return &event, cehttp.NewResult(200, "")
	})
}

func otherMode(ctx context.Context, message binding.Message) context.Context {
	if message.ReadEncoding() == binding.EncodingBinary {
		return binding.WithForceStructured(ctx)
	}
	return binding.WithForceBinary(ctx)
}
