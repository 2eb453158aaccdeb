import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Java's own HttpClient against the gateway. Arguments: websocket, stream or emit; URL; token, or the body to emit. */
public final class Clients {
    private static final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "websocket" -> receiveBySocket(arguments[1], arguments[2]);
            case "stream" -> receiveByStream(arguments[1], arguments[2]);
            case "emit" -> emit(arguments[1], arguments[2]);
            default -> throw new IllegalArgumentException("usage: Clients websocket|stream|emit URL TOKEN|BODY");
        }
        System.exit(0);
    }

    /** Tells the suite one thing that happened, see ../../testing/foreign-client.ts. */
    private static synchronized void write(String kind, String json) {
        System.out.println(kind + " " + json);
        System.out.flush();
    }

    /** Tells a message of the gateway. Returns whether it is the last of the test. */
    private static boolean writeMessage(String text) {
        write("message", text);
        return text.contains("\"interop.last\"");
    }

    private static void receiveBySocket(String url, String token) throws Exception {
        var closed = new CountDownLatch(1);
        var listener = new WebSocket.Listener() {
            private final StringBuilder message = new StringBuilder();

            @Override
            public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean isLastPart) {
                message.append(part);
                if (isLastPart) {
                    if (writeMessage(message.toString())) socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
                    message.setLength(0);
                }
                socket.request(1);
                return null;
            }

            @Override
            public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                write("close", "{\"code\": " + code + "}");
                closed.countDown();
                return null;
            }

            @Override
            public void onError(WebSocket socket, Throwable error) {
                error.printStackTrace();
                closed.countDown();
            }
        };
        var socket = client.newWebSocketBuilder().subprotocols("cloudevents.json").header("Authorization", "Bearer " + token).buildAsync(URI.create(url), listener).get(10, TimeUnit.SECONDS);
        write("open", "{\"protocol\": \"" + socket.getSubprotocol() + "\"}");
        closed.await(60, TimeUnit.SECONDS);
    }

    private static String lastId = "";
    private static long retryMs = 1000;

    private static void receiveByStream(String url, String token) throws Exception {
        while (!receiveUntilEnd(url, token)) Thread.sleep(retryMs);
    }

    /** Receives until the stream ends. Returns whether the last message has come. */
    private static boolean receiveUntilEnd(String url, String token) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + token);
        if (!lastId.isEmpty()) request.header("Last-Event-ID", lastId);
        try {
            var response = client.send(request.build(), HttpResponse.BodyHandlers.ofLines());
            write(response.statusCode() == 200 ? "open" : "refused", "{\"status\": " + response.statusCode() + "}");
            return response.body().anyMatch(Clients::readLine);
        } catch (IOException | UncheckedIOException cut) {
            return false;
        }
    }

    private static boolean readLine(String line) {
        if (line.startsWith("id: ")) lastId = line.substring(4);
        if (line.startsWith("retry: ")) retryMs = Long.parseLong(line.substring(7));
        return line.startsWith("data: ") && writeMessage(line.substring(6));
    }

    private static void emit(String url, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/cloudevents+json").POST(HttpRequest.BodyPublishers.ofString(body)).build();
        var response = client.send(request, HttpResponse.BodyHandlers.ofString());
        write("answer", "{\"status\": " + response.statusCode() + "}");
    }
}
