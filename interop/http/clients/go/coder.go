package main

import (
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// coder receives by github.com/coder/websocket, with the token in a header and compression offered. Arguments: URL and token.
func coder(arguments []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, _, err := websocket.Dial(ctx, arguments[0], &websocket.DialOptions{
		HTTPHeader:      http.Header{"Authorization": {"Bearer " + arguments[1]}},
		Subprotocols:    []string{"cloudevents.json"},
		CompressionMode: websocket.CompressionContextTakeover,
	})
	if err != nil {
		return err
	}
	connection.SetReadLimit(1 << 20)
	write("open", map[string]string{"protocol": connection.Subprotocol()})
	for {
		_, message, err := connection.Read(ctx)
		if err != nil {
			return err
		}
		if writeMessage(message) {
			// Close waits for the gateway's close frame, and fails when none comes.
			if err := connection.Close(websocket.StatusNormalClosure, ""); err != nil {
				return err
			}
			write("close", map[string]any{"code": websocket.StatusNormalClosure})
			return nil
		}
	}
}
