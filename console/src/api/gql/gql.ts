/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Me {\n    me {\n      owner\n      roles\n      quotas {\n        name\n        limit\n        used\n        resetsAt\n      }\n    }\n  }\n": typeof types.MeDocument,
    "\n  fragment ModelFieldParts on ModelField {\n    name\n    tensor\n    valueType\n    kind\n    maxBytes\n    description\n    unit\n    size\n    shape {\n      size\n      axis {\n        name\n        minimum\n        maximum\n      }\n    }\n    exact\n    labels\n    columns\n    allowNaN\n    minimum\n    maximum\n    maxLength\n    values\n    modelValues\n    timeZone\n    default\n  }\n": typeof types.ModelFieldPartsFragmentDoc,
    "\n  query Models {\n    models {\n      id\n      name\n      description\n      mutation\n      batchMutation\n      inputType\n      predictionType\n      partialType\n      columnsType\n      example\n      inputs {\n        ...ModelFieldParts\n      }\n      outputs {\n        ...ModelFieldParts\n      }\n      live {\n        version\n        state\n      }\n    }\n  }\n": typeof types.ModelsDocument,
    "\n  query ModelList {\n    models {\n      id\n      name\n      description\n      isPaused\n      live {\n        version\n        state\n      }\n      rollout {\n        version\n        percent\n        isThere\n      }\n      training {\n        class\n      }\n      unreadableVersions {\n        version\n      }\n      versions {\n        version\n        state\n        shadowPercent\n        liveWorkers\n      }\n    }\n  }\n": typeof types.ModelListDocument,
    "\n  fragment SeenModelParts on Model {\n    id\n    name\n    description\n    isPaused\n    live {\n      version\n      state\n    }\n    rollout {\n      version\n      percent\n      isThere\n    }\n    training {\n      recipe\n      class\n    }\n    unreadableVersions {\n      version\n      reason\n    }\n    versions {\n      version\n      state\n      reason\n      weightPercent\n      observedPercent\n      shadowPercent\n      liveWorkers\n      runtime\n      environment\n      origin\n      bytes\n      digest\n      createdAt\n      trainedOn\n      metrics {\n        data\n        name\n        unit\n        value\n      }\n      liveError {\n        output\n        unit\n        count\n        mae\n        rmse\n      }\n      gates {\n        name\n        observed\n        live\n        limit\n        count\n        verdict\n      }\n      provenance {\n        runKey\n        datasets {\n          name\n          digest\n          use\n        }\n        recipe\n        recipeDigest\n        params {\n          name\n          value\n        }\n        seed\n        environment\n        reproducible\n        trainer\n        revision\n      }\n    }\n  }\n": typeof types.SeenModelPartsFragmentDoc,
    "\n  query ModelDetails($id: ID!) {\n    node(id: $id) {\n      ...SeenModelParts\n    }\n    workers {\n      id\n      models {\n        modelName\n        version\n        provider\n        deviceMemoryMib\n      }\n    }\n  }\n": typeof types.ModelDetailsDocument,
    "\n  mutation SetRollout(\n    $model: String!\n    $weights: [VersionWeight!]!\n    $shadow: [VersionWeight!]!\n    $moveQueued: Boolean!\n  ) {\n    setRollout(model: $model, weights: $weights, shadow: $shadow, moveQueued: $moveQueued) {\n      movedTasks\n      heldTasks\n      stoppedBy\n      model {\n        id\n      }\n    }\n  }\n": typeof types.SetRolloutDocument,
    "\n  mutation PauseModel($model: String!) {\n    pauseModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n": typeof types.PauseModelDocument,
    "\n  mutation ResumeModel($model: String!) {\n    resumeModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n": typeof types.ResumeModelDocument,
    "\n  mutation RetireVersion($model: String!, $version: String!) {\n    retireVersion(model: $model, version: $version) {\n      version\n      state\n    }\n  }\n": typeof types.RetireVersionDocument,
    "\n  subscription RolloutComparison($model: String!) {\n    rolloutComparison(model: $model) {\n      since\n      gatewayCount\n      versions {\n        version\n        shadowVersion\n        sentTasks\n        comparedTasks\n        failedTasks\n        durations {\n          meanComputeMs\n          p95ComputeMs\n          p95LatencyMs\n        }\n        shadowDurations {\n          meanComputeMs\n          p95ComputeMs\n          p95LatencyMs\n        }\n        outputs {\n          output\n          unit\n          count\n          differentCount\n          meanDifference\n          meanAbsoluteDifference\n          largestAbsoluteDifference\n        }\n      }\n    }\n  }\n": typeof types.RolloutComparisonDocument,
    "\n  fragment ListedTask on Task {\n    id\n    modelName\n    modelVersion\n    state\n    submittedAt\n    startedAt\n    finishedAt\n    attempts\n    labels\n    owner\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n    }\n  }\n": typeof types.ListedTaskFragmentDoc,
    "\n  query Tasks($filter: TaskFilter) {\n    tasks(filter: $filter, first: 50) {\n      edges {\n        node {\n          ...ListedTask\n        }\n      }\n    }\n  }\n": typeof types.TasksDocument,
    "\n  subscription TasksUpdates($filter: TaskFilter!) {\n    tasksUpdates(filter: $filter) {\n      ...ListedTask\n    }\n  }\n": typeof types.TasksUpdatesDocument,
    "\n  query TaskDetails($id: ID!) {\n    task(id: $id) {\n      ...ListedTask\n      kind\n      priority\n      requestId\n      deadline\n      expiresAt\n      history\n      input {\n        name\n        value\n      }\n    }\n  }\n": typeof types.TaskDetailsDocument,
    "\n  mutation CancelTask($id: ID!) {\n    cancelTask(id: $id) {\n      ...ListedTask\n    }\n  }\n": typeof types.CancelTaskDocument,
    "\n  mutation RetryTask($id: ID!) {\n    retryTask(id: $id) {\n      id\n    }\n  }\n": typeof types.RetryTaskDocument,
    "\n  query QueuePlace($id: ID!) {\n    task(id: $id) {\n      id\n      position\n      estimatedStartAt\n    }\n  }\n": typeof types.QueuePlaceDocument,
};
const documents: Documents = {
    "\n  query Me {\n    me {\n      owner\n      roles\n      quotas {\n        name\n        limit\n        used\n        resetsAt\n      }\n    }\n  }\n": types.MeDocument,
    "\n  fragment ModelFieldParts on ModelField {\n    name\n    tensor\n    valueType\n    kind\n    maxBytes\n    description\n    unit\n    size\n    shape {\n      size\n      axis {\n        name\n        minimum\n        maximum\n      }\n    }\n    exact\n    labels\n    columns\n    allowNaN\n    minimum\n    maximum\n    maxLength\n    values\n    modelValues\n    timeZone\n    default\n  }\n": types.ModelFieldPartsFragmentDoc,
    "\n  query Models {\n    models {\n      id\n      name\n      description\n      mutation\n      batchMutation\n      inputType\n      predictionType\n      partialType\n      columnsType\n      example\n      inputs {\n        ...ModelFieldParts\n      }\n      outputs {\n        ...ModelFieldParts\n      }\n      live {\n        version\n        state\n      }\n    }\n  }\n": types.ModelsDocument,
    "\n  query ModelList {\n    models {\n      id\n      name\n      description\n      isPaused\n      live {\n        version\n        state\n      }\n      rollout {\n        version\n        percent\n        isThere\n      }\n      training {\n        class\n      }\n      unreadableVersions {\n        version\n      }\n      versions {\n        version\n        state\n        shadowPercent\n        liveWorkers\n      }\n    }\n  }\n": types.ModelListDocument,
    "\n  fragment SeenModelParts on Model {\n    id\n    name\n    description\n    isPaused\n    live {\n      version\n      state\n    }\n    rollout {\n      version\n      percent\n      isThere\n    }\n    training {\n      recipe\n      class\n    }\n    unreadableVersions {\n      version\n      reason\n    }\n    versions {\n      version\n      state\n      reason\n      weightPercent\n      observedPercent\n      shadowPercent\n      liveWorkers\n      runtime\n      environment\n      origin\n      bytes\n      digest\n      createdAt\n      trainedOn\n      metrics {\n        data\n        name\n        unit\n        value\n      }\n      liveError {\n        output\n        unit\n        count\n        mae\n        rmse\n      }\n      gates {\n        name\n        observed\n        live\n        limit\n        count\n        verdict\n      }\n      provenance {\n        runKey\n        datasets {\n          name\n          digest\n          use\n        }\n        recipe\n        recipeDigest\n        params {\n          name\n          value\n        }\n        seed\n        environment\n        reproducible\n        trainer\n        revision\n      }\n    }\n  }\n": types.SeenModelPartsFragmentDoc,
    "\n  query ModelDetails($id: ID!) {\n    node(id: $id) {\n      ...SeenModelParts\n    }\n    workers {\n      id\n      models {\n        modelName\n        version\n        provider\n        deviceMemoryMib\n      }\n    }\n  }\n": types.ModelDetailsDocument,
    "\n  mutation SetRollout(\n    $model: String!\n    $weights: [VersionWeight!]!\n    $shadow: [VersionWeight!]!\n    $moveQueued: Boolean!\n  ) {\n    setRollout(model: $model, weights: $weights, shadow: $shadow, moveQueued: $moveQueued) {\n      movedTasks\n      heldTasks\n      stoppedBy\n      model {\n        id\n      }\n    }\n  }\n": types.SetRolloutDocument,
    "\n  mutation PauseModel($model: String!) {\n    pauseModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n": types.PauseModelDocument,
    "\n  mutation ResumeModel($model: String!) {\n    resumeModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n": types.ResumeModelDocument,
    "\n  mutation RetireVersion($model: String!, $version: String!) {\n    retireVersion(model: $model, version: $version) {\n      version\n      state\n    }\n  }\n": types.RetireVersionDocument,
    "\n  subscription RolloutComparison($model: String!) {\n    rolloutComparison(model: $model) {\n      since\n      gatewayCount\n      versions {\n        version\n        shadowVersion\n        sentTasks\n        comparedTasks\n        failedTasks\n        durations {\n          meanComputeMs\n          p95ComputeMs\n          p95LatencyMs\n        }\n        shadowDurations {\n          meanComputeMs\n          p95ComputeMs\n          p95LatencyMs\n        }\n        outputs {\n          output\n          unit\n          count\n          differentCount\n          meanDifference\n          meanAbsoluteDifference\n          largestAbsoluteDifference\n        }\n      }\n    }\n  }\n": types.RolloutComparisonDocument,
    "\n  fragment ListedTask on Task {\n    id\n    modelName\n    modelVersion\n    state\n    submittedAt\n    startedAt\n    finishedAt\n    attempts\n    labels\n    owner\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n    }\n  }\n": types.ListedTaskFragmentDoc,
    "\n  query Tasks($filter: TaskFilter) {\n    tasks(filter: $filter, first: 50) {\n      edges {\n        node {\n          ...ListedTask\n        }\n      }\n    }\n  }\n": types.TasksDocument,
    "\n  subscription TasksUpdates($filter: TaskFilter!) {\n    tasksUpdates(filter: $filter) {\n      ...ListedTask\n    }\n  }\n": types.TasksUpdatesDocument,
    "\n  query TaskDetails($id: ID!) {\n    task(id: $id) {\n      ...ListedTask\n      kind\n      priority\n      requestId\n      deadline\n      expiresAt\n      history\n      input {\n        name\n        value\n      }\n    }\n  }\n": types.TaskDetailsDocument,
    "\n  mutation CancelTask($id: ID!) {\n    cancelTask(id: $id) {\n      ...ListedTask\n    }\n  }\n": types.CancelTaskDocument,
    "\n  mutation RetryTask($id: ID!) {\n    retryTask(id: $id) {\n      id\n    }\n  }\n": types.RetryTaskDocument,
    "\n  query QueuePlace($id: ID!) {\n    task(id: $id) {\n      id\n      position\n      estimatedStartAt\n    }\n  }\n": types.QueuePlaceDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Me {\n    me {\n      owner\n      roles\n      quotas {\n        name\n        limit\n        used\n        resetsAt\n      }\n    }\n  }\n"): (typeof documents)["\n  query Me {\n    me {\n      owner\n      roles\n      quotas {\n        name\n        limit\n        used\n        resetsAt\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ModelFieldParts on ModelField {\n    name\n    tensor\n    valueType\n    kind\n    maxBytes\n    description\n    unit\n    size\n    shape {\n      size\n      axis {\n        name\n        minimum\n        maximum\n      }\n    }\n    exact\n    labels\n    columns\n    allowNaN\n    minimum\n    maximum\n    maxLength\n    values\n    modelValues\n    timeZone\n    default\n  }\n"): (typeof documents)["\n  fragment ModelFieldParts on ModelField {\n    name\n    tensor\n    valueType\n    kind\n    maxBytes\n    description\n    unit\n    size\n    shape {\n      size\n      axis {\n        name\n        minimum\n        maximum\n      }\n    }\n    exact\n    labels\n    columns\n    allowNaN\n    minimum\n    maximum\n    maxLength\n    values\n    modelValues\n    timeZone\n    default\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Models {\n    models {\n      id\n      name\n      description\n      mutation\n      batchMutation\n      inputType\n      predictionType\n      partialType\n      columnsType\n      example\n      inputs {\n        ...ModelFieldParts\n      }\n      outputs {\n        ...ModelFieldParts\n      }\n      live {\n        version\n        state\n      }\n    }\n  }\n"): (typeof documents)["\n  query Models {\n    models {\n      id\n      name\n      description\n      mutation\n      batchMutation\n      inputType\n      predictionType\n      partialType\n      columnsType\n      example\n      inputs {\n        ...ModelFieldParts\n      }\n      outputs {\n        ...ModelFieldParts\n      }\n      live {\n        version\n        state\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ModelList {\n    models {\n      id\n      name\n      description\n      isPaused\n      live {\n        version\n        state\n      }\n      rollout {\n        version\n        percent\n        isThere\n      }\n      training {\n        class\n      }\n      unreadableVersions {\n        version\n      }\n      versions {\n        version\n        state\n        shadowPercent\n        liveWorkers\n      }\n    }\n  }\n"): (typeof documents)["\n  query ModelList {\n    models {\n      id\n      name\n      description\n      isPaused\n      live {\n        version\n        state\n      }\n      rollout {\n        version\n        percent\n        isThere\n      }\n      training {\n        class\n      }\n      unreadableVersions {\n        version\n      }\n      versions {\n        version\n        state\n        shadowPercent\n        liveWorkers\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment SeenModelParts on Model {\n    id\n    name\n    description\n    isPaused\n    live {\n      version\n      state\n    }\n    rollout {\n      version\n      percent\n      isThere\n    }\n    training {\n      recipe\n      class\n    }\n    unreadableVersions {\n      version\n      reason\n    }\n    versions {\n      version\n      state\n      reason\n      weightPercent\n      observedPercent\n      shadowPercent\n      liveWorkers\n      runtime\n      environment\n      origin\n      bytes\n      digest\n      createdAt\n      trainedOn\n      metrics {\n        data\n        name\n        unit\n        value\n      }\n      liveError {\n        output\n        unit\n        count\n        mae\n        rmse\n      }\n      gates {\n        name\n        observed\n        live\n        limit\n        count\n        verdict\n      }\n      provenance {\n        runKey\n        datasets {\n          name\n          digest\n          use\n        }\n        recipe\n        recipeDigest\n        params {\n          name\n          value\n        }\n        seed\n        environment\n        reproducible\n        trainer\n        revision\n      }\n    }\n  }\n"): (typeof documents)["\n  fragment SeenModelParts on Model {\n    id\n    name\n    description\n    isPaused\n    live {\n      version\n      state\n    }\n    rollout {\n      version\n      percent\n      isThere\n    }\n    training {\n      recipe\n      class\n    }\n    unreadableVersions {\n      version\n      reason\n    }\n    versions {\n      version\n      state\n      reason\n      weightPercent\n      observedPercent\n      shadowPercent\n      liveWorkers\n      runtime\n      environment\n      origin\n      bytes\n      digest\n      createdAt\n      trainedOn\n      metrics {\n        data\n        name\n        unit\n        value\n      }\n      liveError {\n        output\n        unit\n        count\n        mae\n        rmse\n      }\n      gates {\n        name\n        observed\n        live\n        limit\n        count\n        verdict\n      }\n      provenance {\n        runKey\n        datasets {\n          name\n          digest\n          use\n        }\n        recipe\n        recipeDigest\n        params {\n          name\n          value\n        }\n        seed\n        environment\n        reproducible\n        trainer\n        revision\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ModelDetails($id: ID!) {\n    node(id: $id) {\n      ...SeenModelParts\n    }\n    workers {\n      id\n      models {\n        modelName\n        version\n        provider\n        deviceMemoryMib\n      }\n    }\n  }\n"): (typeof documents)["\n  query ModelDetails($id: ID!) {\n    node(id: $id) {\n      ...SeenModelParts\n    }\n    workers {\n      id\n      models {\n        modelName\n        version\n        provider\n        deviceMemoryMib\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetRollout(\n    $model: String!\n    $weights: [VersionWeight!]!\n    $shadow: [VersionWeight!]!\n    $moveQueued: Boolean!\n  ) {\n    setRollout(model: $model, weights: $weights, shadow: $shadow, moveQueued: $moveQueued) {\n      movedTasks\n      heldTasks\n      stoppedBy\n      model {\n        id\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation SetRollout(\n    $model: String!\n    $weights: [VersionWeight!]!\n    $shadow: [VersionWeight!]!\n    $moveQueued: Boolean!\n  ) {\n    setRollout(model: $model, weights: $weights, shadow: $shadow, moveQueued: $moveQueued) {\n      movedTasks\n      heldTasks\n      stoppedBy\n      model {\n        id\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation PauseModel($model: String!) {\n    pauseModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n"): (typeof documents)["\n  mutation PauseModel($model: String!) {\n    pauseModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResumeModel($model: String!) {\n    resumeModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n"): (typeof documents)["\n  mutation ResumeModel($model: String!) {\n    resumeModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RetireVersion($model: String!, $version: String!) {\n    retireVersion(model: $model, version: $version) {\n      version\n      state\n    }\n  }\n"): (typeof documents)["\n  mutation RetireVersion($model: String!, $version: String!) {\n    retireVersion(model: $model, version: $version) {\n      version\n      state\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription RolloutComparison($model: String!) {\n    rolloutComparison(model: $model) {\n      since\n      gatewayCount\n      versions {\n        version\n        shadowVersion\n        sentTasks\n        comparedTasks\n        failedTasks\n        durations {\n          meanComputeMs\n          p95ComputeMs\n          p95LatencyMs\n        }\n        shadowDurations {\n          meanComputeMs\n          p95ComputeMs\n          p95LatencyMs\n        }\n        outputs {\n          output\n          unit\n          count\n          differentCount\n          meanDifference\n          meanAbsoluteDifference\n          largestAbsoluteDifference\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription RolloutComparison($model: String!) {\n    rolloutComparison(model: $model) {\n      since\n      gatewayCount\n      versions {\n        version\n        shadowVersion\n        sentTasks\n        comparedTasks\n        failedTasks\n        durations {\n          meanComputeMs\n          p95ComputeMs\n          p95LatencyMs\n        }\n        shadowDurations {\n          meanComputeMs\n          p95ComputeMs\n          p95LatencyMs\n        }\n        outputs {\n          output\n          unit\n          count\n          differentCount\n          meanDifference\n          meanAbsoluteDifference\n          largestAbsoluteDifference\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ListedTask on Task {\n    id\n    modelName\n    modelVersion\n    state\n    submittedAt\n    startedAt\n    finishedAt\n    attempts\n    labels\n    owner\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n    }\n  }\n"): (typeof documents)["\n  fragment ListedTask on Task {\n    id\n    modelName\n    modelVersion\n    state\n    submittedAt\n    startedAt\n    finishedAt\n    attempts\n    labels\n    owner\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Tasks($filter: TaskFilter) {\n    tasks(filter: $filter, first: 50) {\n      edges {\n        node {\n          ...ListedTask\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Tasks($filter: TaskFilter) {\n    tasks(filter: $filter, first: 50) {\n      edges {\n        node {\n          ...ListedTask\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription TasksUpdates($filter: TaskFilter!) {\n    tasksUpdates(filter: $filter) {\n      ...ListedTask\n    }\n  }\n"): (typeof documents)["\n  subscription TasksUpdates($filter: TaskFilter!) {\n    tasksUpdates(filter: $filter) {\n      ...ListedTask\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TaskDetails($id: ID!) {\n    task(id: $id) {\n      ...ListedTask\n      kind\n      priority\n      requestId\n      deadline\n      expiresAt\n      history\n      input {\n        name\n        value\n      }\n    }\n  }\n"): (typeof documents)["\n  query TaskDetails($id: ID!) {\n    task(id: $id) {\n      ...ListedTask\n      kind\n      priority\n      requestId\n      deadline\n      expiresAt\n      history\n      input {\n        name\n        value\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelTask($id: ID!) {\n    cancelTask(id: $id) {\n      ...ListedTask\n    }\n  }\n"): (typeof documents)["\n  mutation CancelTask($id: ID!) {\n    cancelTask(id: $id) {\n      ...ListedTask\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RetryTask($id: ID!) {\n    retryTask(id: $id) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation RetryTask($id: ID!) {\n    retryTask(id: $id) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query QueuePlace($id: ID!) {\n    task(id: $id) {\n      id\n      position\n      estimatedStartAt\n    }\n  }\n"): (typeof documents)["\n  query QueuePlace($id: ID!) {\n    task(id: $id) {\n      id\n      position\n      estimatedStartAt\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;