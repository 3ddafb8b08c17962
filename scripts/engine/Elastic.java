// Main program of an Elasticsearch node for tests. Usage: Elastic HOME CONFDIR
// The server's own main program comes with a launcher and an agent that are not
// published as jars. With ELASTIC_PASSWORD set, user elastic has that password.

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.elasticsearch.bootstrap.BootstrapInfo;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.KeyStoreWrapper;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

public class Elastic {
	public static void main(String[] args) throws Exception {
		LogConfigurator.registerErrorListener();
		BootstrapInfo.init();

		var home = Settings.builder().put("path.home", args[0]);
		var password = System.getenv("ELASTIC_PASSWORD");
		if (password != null) {
			var keystore = KeyStoreWrapper.create();
			keystore.setString("bootstrap.password", password.toCharArray());
			home.setSecureSettings(keystore);
		}
		var env = InternalSettingsPreparer.prepareEnvironment(
			home.build(), Map.of(), Path.of(args[1]), () -> "m2e");
		LogConfigurator.setNodeName("m2e");
		LogConfigurator.configure(env, true);

		var modules = PluginsLoader.loadModulesBundles(env.modulesDir(), false);
		var plugins = PluginsLoader.loadPluginsBundles(env.pluginsDir(), false);
		var node = new Node(env,
			PluginsLoader.createPluginsLoader(modules, plugins, Map.of(), false));
		Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
		node.start();
		new CountDownLatch(1).await();
	}

	private static void close(Node node) {
		try {
			node.close();
		} catch (Exception e) {
			System.err.println("cannot close the node: " + e);
		}
	}
}
