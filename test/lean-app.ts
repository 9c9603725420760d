// An app as tests synthesize it by the thousand: without what CDK writes beside the templates and no test reads.
import { App, AppProps } from 'aws-cdk-lib';
import { ArtifactType, Manifest } from 'aws-cdk-lib/cloud-assembly-schema';
import { DISABLE_ASSET_STAGING_CONTEXT, DISABLE_LOGICAL_ID_METADATA } from 'aws-cdk-lib/cx-api';

// CDK checks the manifests that it has written itself, when it writes and when it reads them: a tenth of a deployment.
Object.assign(Manifest, { validate: () => undefined });

/** Templates, assets and messages are those of any other app. It takes two thirds of the time. */
export function leanApp({ context, ...props }: AppProps = {}): App {
  const app = new App({
    analyticsReporting: false,
    treeMetadata: false,
    context: { [DISABLE_ASSET_STAGING_CONTEXT]: true, [DISABLE_LOGICAL_ID_METADATA]: true, ...context },
    ...props,
  });
  // CDK has no switch for the list of its feature flags, which is most of the manifest that it checks and reads again.
  const { _assemblyBuilder: builder } = app;
  const addArtifact = builder.addArtifact.bind(builder);
  builder.addArtifact = (id, artifact) => {
    if (artifact.type !== ArtifactType.FEATURE_FLAG_REPORT) addArtifact(id, artifact);
  };
  return app;
}
