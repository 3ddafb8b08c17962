// What an Elasticsearch node needs of modules that are not published as jars:
// GET /, and the analysis of e-mail addresses in its index of users and API keys.

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;

public class Gaps extends Plugin implements ActionPlugin, AnalysisPlugin {
	@Override
	public Collection<RestHandler> getRestHandlers(RestHandlersServices services,
			Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {
		return List.of(new Root());
	}

	@Override
	public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
		return Map.of("uax_url_email", (index, env, name, settings) ->
			TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
	}

	@Override
	public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
		return Map.of(
			"unique", (index, env, name, settings) ->
				new Filter(name, RemoveDuplicatesTokenFilter::new),
			"pattern_capture", (index, env, name, settings) -> {
				var patterns = settings.getAsList("patterns").stream()
					.map(Pattern::compile).toArray(Pattern[]::new);
				return new Filter(name, in ->
					new PatternCaptureGroupTokenFilter(in, true, patterns));
			});
	}

	record Filter(String name, Function<TokenStream, TokenStream> make)
			implements TokenFilterFactory {
		@Override
		public TokenStream create(TokenStream in) {
			return make.apply(in);
		}
	}

	static class Root implements RestHandler {
		@Override
		public List<Route> routes() {
			return List.of(new Route(RestRequest.Method.GET, "/"),
				new Route(RestRequest.Method.HEAD, "/"));
		}

		@Override
		public void handleRequest(RestRequest request, RestChannel channel, NodeClient client) {
			var body = "{\"name\":\"m2e\",\"cluster_name\":\"m2e\",\"version\":{\"number\":\""
				+ Build.current().version() + "\"},\"tagline\":\"You Know, for Search\"}\n";
			channel.sendResponse(new RestResponse(RestStatus.OK, "application/json", body));
		}
	}
}
