// OpenSearch's own analyzers but for Thai's, which this Java runtime lacks the
// rules for, so that no index could be created.

import java.util.List;
import java.util.Map;

import org.apache.lucene.analysis.Analyzer;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.index.analysis.AnalyzerProvider;
import org.opensearch.index.analysis.PreBuiltAnalyzerProviderFactory;
import org.opensearch.indices.analysis.AnalysisModule.AnalysisProvider;

public class Common extends CommonAnalysisModulePlugin {
	@Override
	public Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> getAnalyzers() {
		var analyzers = super.getAnalyzers();
		analyzers.remove("thai");
		return analyzers;
	}

	@Override
	public List<PreBuiltAnalyzerProviderFactory> getPreBuiltAnalyzerProviderFactories() {
		return super.getPreBuiltAnalyzerProviderFactories().stream()
			.filter(factory -> !factory.getName().equals("thai")).toList();
	}
}
