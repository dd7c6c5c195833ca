import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes and reads an offset file as Kafka Connect's FileOffsetBackingStore does: `write FILE` takes `key TAB value` lines from
 * standard input (no TAB: a null value), `read FILE` prints them, sorted.
 */
public class OffsetFile {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("write")) write(args[1]);
    else read(args[1]);
  }

  private static void write(String file) throws Exception {
    Map<byte[], byte[]> offsets = new HashMap<>();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] entry = line.split("\t", 2);
      offsets.put(bytes(entry[0]), entry.length == 1 ? null : bytes(entry[1]));
    }
    try (ObjectOutputStream out = new ObjectOutputStream(new FileOutputStream(file))) {
      out.writeObject(offsets);
    }
  }

  @SuppressWarnings("unchecked")
  private static void read(String file) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (ObjectInputStream in = new ObjectInputStream(new FileInputStream(file))) {
      Map<String, String> sorted = new TreeMap<>();
      for (Map.Entry<byte[], byte[]> each : ((HashMap<byte[], byte[]>) in.readObject()).entrySet()) {
        sorted.put(text(each.getKey()), each.getValue() == null ? "" : "\t" + text(each.getValue()));
      }
      sorted.forEach((key, value) -> out.println(key + value));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
