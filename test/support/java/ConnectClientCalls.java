import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.sourcelab.kafka.connect.apiclient.Configuration;
import org.sourcelab.kafka.connect.apiclient.KafkaConnectClient;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorPluginConfigDefinition;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorStatus;
import org.sourcelab.kafka.connect.apiclient.request.dto.NewConnectorDefinition;
import org.sourcelab.kafka.connect.apiclient.request.post.PostConnectorRestart;
import org.sourcelab.kafka.connect.apiclient.rest.exceptions.InvalidRequestException;

/** Every call of the public client org.sourcelab:kafka-connect-client against one worker: URL PREFIX; a line of JSON a call. */
public final class ConnectClientCalls {
  private static final ObjectMapper JSON = new ObjectMapper()
      .configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true)
      .configure(SerializationFeature.FAIL_ON_EMPTY_BEANS, false)
      .setSerializationInclusion(JsonInclude.Include.ALWAYS);
  private static final PrintStream OUT = new PrintStream(System.out, true, java.nio.charset.StandardCharsets.UTF_8);

  private final KafkaConnectClient client;
  private final String name;
  private final Map<String, String> config = new LinkedHashMap<>();

  private ConnectClientCalls(String url, String prefix) {
    // Each request on a new connection would be its default with a time to live of 0.
    client = new KafkaConnectClient(new Configuration(url).useRequestTimeoutInSeconds(100));
    name = prefix + "-java";
    config.put("connector.class", "ProbeSource");
    config.put("topic", prefix + "-java");
    config.put("count", "2");
  }

  public static void main(String[] args) throws Exception {
    new ConnectClientCalls(args[0], args[1]).run();
  }

  private void run() throws Exception {
    String missing = name + "-missing";
    call("getConnectServerVersion", client::getConnectServerVersion);
    call("getConnectors", client::getConnectors);
    call("getConnectorsWithExpandedStatus", () -> client.getConnectorsWithExpandedStatus().getMappedStatuses());
    call("addConnector", () -> client.addConnector(definition(name, config)));
    settle("RUNNING");
    call("addConnector again", () -> client.addConnector(definition(name, config)));
    call("addConnector of no class", () -> client.addConnector(definition(name + "-bad", Map.of("connector.class", "Nope"))));
    call("addConnector without config", () -> client.addConnector(definition(name + "-bad", Map.of())));
    call("getConnectors", client::getConnectors);
    call("getConnectorsWithExpandedStatus", () -> client.getConnectorsWithExpandedStatus().getMappedStatuses());
    call("getConnectorsWithExpandedInfo", () -> client.getConnectorsWithExpandedInfo().getMappedDefinitions());
    call("getConnectorsWithAllExpandedMetadata", () -> {
      var all = client.getConnectorsWithAllExpandedMetadata();
      return new Object[] {all.getConnectorNames(), all.getMappedDefinitions(), all.getMappedStatuses()};
    });
    call("getConnector", () -> client.getConnector(name));
    call("getConnector", () -> client.getConnector(missing));
    call("getConnectorConfig", () -> new TreeMap<>(client.getConnectorConfig(name)));
    call("getConnectorConfig", () -> client.getConnectorConfig(missing));
    call("getConnectorStatus", () -> client.getConnectorStatus(name));
    call("getConnectorStatus", () -> client.getConnectorStatus(missing));
    // Told with the first record, which comes after the task is RUNNING.
    for (int i = 0; i < 200 && client.getConnectorTopics(name).getTopics().isEmpty(); i++) Thread.sleep(100);
    call("getConnectorTopics", () -> client.getConnectorTopics(name));
    call("resetConnectorTopics", () -> client.resetConnectorTopics(name));
    call("getConnectorTopics", () -> client.getConnectorTopics(name));
    Map<String, String> changed = new LinkedHashMap<>(config);
    changed.put("count", "3");
    call("updateConnectorConfig", () -> client.updateConnectorConfig(name, changed));
    settle("RUNNING");
    changed.put("count", "many");
    call("updateConnectorConfig to no number", () -> client.updateConnectorConfig(name, changed));
    call("getConnectorTasks", () -> client.getConnectorTasks(name));
    call("getConnectorTasks", () -> client.getConnectorTasks(missing));
    call("getConnectorTaskStatus", () -> client.getConnectorTaskStatus(name, 0));
    call("getConnectorTaskStatus", () -> client.getConnectorTaskStatus(name, 9));
    call("restartConnectorTask", () -> client.restartConnectorTask(name, 0));
    settle("RUNNING");
    call("restartConnectorTask", () -> client.restartConnectorTask(name, 9));
    call("restartConnector", () -> client.restartConnector(name));
    settle("RUNNING");
    call("restartConnector and tasks",
        () -> client.restartConnector(new PostConnectorRestart(name).withIncludeTasks(true).withOnlyFailed(false)));
    settle("RUNNING");
    call("restartConnector what failed",
        () -> client.restartConnector(new PostConnectorRestart(name).withIncludeTasks(true).withOnlyFailed(true)));
    call("pauseConnector", () -> client.pauseConnector(name));
    settle("PAUSED");
    call("getConnectorStatus", () -> client.getConnectorStatus(name));
    call("resumeConnector", () -> client.resumeConnector(name));
    settle("RUNNING");
    call("pauseConnector", () -> client.pauseConnector(missing));
    call("resumeConnector", () -> client.resumeConnector(missing));
    call("getConnectorPlugins", client::getConnectorPlugins);
    call("validateConnectorPluginConfig", () -> client.validateConnectorPluginConfig(ConnectorPluginConfigDefinition
        .newBuilder().withName("ProbeSource").withConfig(config).withConfig("name", name).build()));
    call("validateConnectorPluginConfig of errors", () -> client.validateConnectorPluginConfig(ConnectorPluginConfigDefinition
        .newBuilder().withName("ProbeSource").withConfig("connector.class", "ProbeSource").withConfig("count", "x").build()));
    call("deleteConnector", () -> client.deleteConnector(name));
    call("deleteConnector", () -> client.deleteConnector(name));
    call("getConnector", () -> client.getConnector(name));
  }

  private static NewConnectorDefinition definition(String name, Map<String, String> config) {
    return NewConnectorDefinition.newBuilder().withName(name).withConfig(config).build();
  }

  private static void call(String what, Callable<?> call) throws Exception {
    Object answer;
    try {
      answer = call.call();
    } catch (InvalidRequestException error) {
      answer = Map.of("raised", error.getClass().getSimpleName(), "code", error.getErrorCode(), "message", error.getMessage());
    } catch (Exception error) {
      answer = Map.of("raised", error.getClass().getSimpleName(), "message", String.valueOf(error.getMessage()));
    }
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("call", what);
    line.put("answer", answer);
    OUT.println(JSON.writeValueAsString(line));
  }

  private void settle(String state) throws Exception {
    for (int i = 0; i < 200; i++) {
      ConnectorStatus status = client.getConnectorStatus(name);
      boolean all = status.getTasks().stream().allMatch((task) -> task.getState().equals(state));
      if (all && !status.getTasks().isEmpty() && state.equals(status.getConnector().get("state"))) return;
      Thread.sleep(100);
    }
  }
}
