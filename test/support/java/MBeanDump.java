import java.util.Map;
import java.util.TreeMap;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** Prints every attribute of Kafka's MBeans of a running JVM: domain, tags and attribute, and its value, separated by tabs. */
public class MBeanDump {
    public static void main(String[] args) throws Exception {
        JMXServiceURL url = new JMXServiceURL("service:jmx:rmi:///jndi/rmi://127.0.0.1:" + args[0] + "/jmxrmi");
        try (JMXConnector connector = JMXConnectorFactory.connect(url)) {
            MBeanServerConnection server = connector.getMBeanServerConnection();
            for (ObjectName name : server.queryNames(new ObjectName("kafka.*:*"), null)) {
                Map<String, String> tags = new TreeMap<>(name.getKeyPropertyList());
                String type = tags.remove("type");
                StringBuilder text = new StringBuilder(name.getDomain()).append('\t').append(type).append('\t');
                for (Map.Entry<String, String> tag : tags.entrySet()) {
                    String value = tag.getValue();
                    if (value.startsWith("\"")) value = ObjectName.unquote(value);
                    if (text.charAt(text.length() - 1) != '\t') text.append(',');
                    text.append(tag.getKey()).append('=').append(value);
                }
                for (MBeanAttributeInfo attribute : server.getMBeanInfo(name).getAttributes()) {
                    String value;
                    try {
                        value = String.valueOf(server.getAttribute(name, attribute.getName()));
                    } catch (Exception e) {
                        // An enum of Kafka Connect's, which is not known here.
                        value = "unreadable";
                    }
                    System.out.println(text + "\t" + attribute.getName() + "\t" + value);
                }
            }
        }
    }
}
